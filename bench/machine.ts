import { availableParallelism, cpus, loadavg, release, totalmem, type } from 'node:os';

/** Describes the machine, one fact a line. Omits the machine's name. */
export function describeMachine(): string[] {
  const [cpu] = cpus();
  return [
    `${availableParallelism()} × ${cpu?.model ?? 'unknown processor'}, ${Math.round(totalmem() / 1024 ** 3)} GB`,
    `${type()} ${release()}; load before: ${loadavg()
      .map((load) => load.toFixed(1))
      .join(', ')}`,
  ];
}
