import { setTimeout as delay } from 'node:timers/promises';
import type { localPorts } from '../config/local-services.ts';
import { leasePorts, portIsBusy } from './ports.ts';
import { describeExit, type Exit, type GuardedProcess, type Program, startProcess } from './process/guarded-process.ts';
import { logTail, reasonIn } from './process/log-tail.ts';
import { PortTakenError, StackError } from './stack-error.ts';
import { waitFor, within } from './wait.ts';

/** The options that all services share. */
export interface ServiceOptions {
  /** The folder of the service's data, log and pid file. Created if missing; never shared with another run. */
  dataDir: string;
  /** Called with progress messages of long steps. */
  log?: (line: string) => void;
  /** Cancels the start. */
  signal?: AbortSignal | undefined;
  /** Called when the service ends unexpectedly. */
  onDeath?: ((service: Service, exit: Exit) => void) | undefined;
}

/** The options of Postgres, Temporal, Redis and the mail catcher. */
export interface LocalServiceOptions extends ServiceOptions {
  /** By default, any free ports. */
  ports?: Partial<Record<keyof typeof localPorts, number>>;
  /** Whether data must survive a crash of the machine. `false` makes tests faster. Default: true. */
  durable?: boolean;
}

/** A service that runs on this machine and ends with this process. */
export interface Service {
  name: string;
  /** The value of the service's variable (`DATABASE_URL`, …). */
  url: string;
  /** Its web page, if it has one. */
  page?: string;
  readonly pid: number;
  /** The path of its log file. */
  log: string;
  /**
   * Sends a signal, by default SIGKILL, and waits for the end of the service. Returns at once after SIGSTOP and SIGCONT, which
   * tests use to freeze a service.
   */
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** Restarts it after `kill` or `stop`, with the same port and data. */
  start(): Promise<void>;
  /** Stops it gracefully. Further calls have no effect. */
  stop(): Promise<void>;
}

/** The properties of a kind of service, for {@link startService}. */
interface ServiceKind<Port extends string> {
  name: string;
  title: string;
  /** 0 or undefined: any free port. */
  ports: Record<Port, number | undefined>;
  program(ports: Record<Port, number>): Omit<Program, 'name'> | Promise<Omit<Program, 'name'>>;
  url(ports: Record<Port, number>): string;
  page?(ports: Record<Port, number>): string;
  /**
   * Returns whether the service is ready. An error means that it is not ready yet.
   *
   * @throws {PortTakenError} if another process answers on its port
   */
  isReady(ports: Record<Port, number>): Promise<boolean>;
  /** Matches log texts of temporary failures, after which a start is retried. */
  transient?: RegExp;
}

const START_TIMEOUT_MS = 60_000;
/** The timeout for a port to become free, in ms. After a kill, the system takes a moment to release a port. */
const PORT_TIMEOUT_MS = 3_000;
const KILL_TIMEOUT_MS = 30_000;
const RETRY_PAUSE_MS = 200;
/** The number of attempts to start a service, each with other free ports. */
const PORT_ATTEMPTS = 4;

/** Starts a service and resolves when it is ready. */
export async function startService<Port extends string>(
  kind: ServiceKind<Port>,
  options: ServiceOptions,
): Promise<Service> {
  const { ports, ...first } = await launchOnFreePorts(kind, options);
  let running = first.process;
  let endsExpectedly = false;
  const watch = async (process: GuardedProcess) => {
    endsExpectedly = false;
    const exit = await process.exited;
    if (!endsExpectedly && process === running) options.onDeath?.(service, exit);
  };
  const service: Service = {
    name: kind.name,
    url: kind.url(ports),
    ...(kind.page && { page: kind.page(ports) }),
    get pid() {
      return running.pid;
    },
    log: running.log,
    async kill(signal = 'SIGKILL') {
      if (signal !== 'SIGSTOP' && signal !== 'SIGCONT') endsExpectedly = true;
      running.kill(signal);
      if (endsExpectedly && !(await within(KILL_TIMEOUT_MS, running.exited))) {
        throw new StackError(`${kind.title} did not end within ${KILL_TIMEOUT_MS / 1000} s of ${signal}.`);
      }
    },
    async start() {
      running = await launch(kind, ports, options);
      void watch(running);
    },
    async stop() {
      endsExpectedly = true;
      await running.stop();
    },
  };
  void watch(running);
  return service;
}

/** Starts a service. If another program uses one of the chosen free ports, retries with other ports. */
async function launchOnFreePorts<Port extends string>(kind: ServiceKind<Port>, options: ServiceOptions) {
  for (let attempt = 1; ; attempt += 1) {
    const ports = await choosePorts(kind.ports);
    try {
      return { ports, process: await launch(kind, ports, options) };
    } catch (error) {
      const hasChoice = Object.values(kind.ports).some((port) => !port);
      if (!(error instanceof PortTakenError) || !hasChoice || attempt === PORT_ATTEMPTS) throw error;
    }
  }
}

/** Starts a service on these ports and waits until it is ready. Retries after temporary failures. */
async function launch<Port extends string>(
  kind: ServiceKind<Port>,
  ports: Record<Port, number>,
  { dataDir, signal }: ServiceOptions,
): Promise<GuardedProcess> {
  await requireFree(kind.title, Object.values(ports));
  let firstFailure: number | undefined;
  for (;;) {
    const process = await startProcess({ name: kind.name, ...(await kind.program(ports)) }, dataDir);
    const output = await waitUntilReady(kind, ports, process, signal);
    if (output === undefined) return process;
    const portTaken = /address already in use|EADDRINUSE/i.test(output);
    const retryFor = portTaken ? PORT_TIMEOUT_MS : kind.transient?.test(output) ? START_TIMEOUT_MS : 0;
    firstFailure ??= performance.now();
    if (performance.now() - firstFailure >= retryFor) {
      const Failure = portTaken ? PortTakenError : StackError;
      throw new Failure(`${kind.title} did not start: ${reasonIn(output)} (${process.log} has more).`);
    }
    await delay(RETRY_PAUSE_MS, undefined, { signal });
  }
}

/**
 * Waits until a started service is ready. Stops it if that takes too long.
 *
 * @returns undefined if it is ready, or the last lines of its log if it ended
 * @throws {PortTakenError} if another process answers on its port
 */
async function waitUntilReady<Port extends string>(
  kind: ServiceKind<Port>,
  ports: Record<Port, number>,
  process: GuardedProcess,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  let exit: Exit | undefined;
  void process.exited.then((value) => {
    exit = value;
  });
  const isReadyOrEnded = async () => exit !== undefined || (await kind.isReady(ports));
  try {
    await waitFor(kind.title, isReadyOrEnded, { deadline: START_TIMEOUT_MS, signal });
  } catch (error) {
    if (!exit) {
      await process.stop();
      throw error;
    }
  }
  return exit && (logTail(process.log) || describeExit(exit));
}

async function choosePorts<Port extends string>(
  wanted: Record<Port, number | undefined>,
): Promise<Record<Port, number>> {
  const given = Object.entries<number | undefined>(wanted);
  const leased = await leasePorts(given.filter(([, port]) => !port).length);
  return Object.fromEntries(given.map(([name, port]) => [name, port || leased.pop()])) as Record<Port, number>;
}

/** Waits until the ports are free, because a program on one of them could answer the readiness check in place of the service. */
async function requireFree(title: string, ports: number[]) {
  for (const port of ports) {
    const free = waitFor(`Port ${port}`, async () => !(await portIsBusy(port)), { deadline: PORT_TIMEOUT_MS });
    await free.catch(() => {
      throw new PortTakenError(`${title} did not start: port ${port} is in use.`);
    });
  }
}
