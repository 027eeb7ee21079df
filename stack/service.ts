import { setTimeout as delay } from 'node:timers/promises';
import { leasePorts, portIsBusy } from './ports.ts';
import { type Exit, type GuardedProcess, type Program, startProcess } from './process/guarded-process.ts';
import { logTail, reasonIn } from './process/log-tail.ts';
import { StackError } from './stack-error.ts';
import { waitFor, within } from './wait.ts';

/** The options that all services share. */
export interface ServiceOptions {
  /** The folder of the service's data, log and pid file. Created if missing; never shared with another run. */
  dataDir: string;
  /** Called with a line about each long step or unexpected event. */
  log?: (line: string) => void;
  /** Cancels the start. */
  signal?: AbortSignal | undefined;
  /** Called when the service ends unexpectedly. */
  onDeath?: ((service: Service, exit: Exit) => void) | undefined;
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
   * Sends a signal, by default SIGKILL, and waits for the end of the service. Returns at once after SIGSTOP and SIGCONT,
   * with which tests freeze a service.
   */
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** Restarts it after `kill` or `stop`, with the same port and data. */
  start(): Promise<void>;
  /** Stops it gracefully. Further calls have no effect. */
  stop(): Promise<void>;
}

/** The properties of a kind of service, for {@link startService}. */
export interface Blueprint<Port extends string> {
  name: string;
  title: string;
  /** 0: any free port. */
  ports: Record<Port, number>;
  program(ports: Record<Port, number>): Omit<Program, 'name'> | Promise<Omit<Program, 'name'>>;
  url(ports: Record<Port, number>): string;
  page?(ports: Record<Port, number>): string;
  /**
   * Returns whether the service is ready. An error means that it is not ready yet.
   *
   * @throws {PortTakenError} if another process answers on its port
   */
  isReady(ports: Record<Port, number>): Promise<boolean>;
  /** Log texts that identify a temporary failure of a start. */
  transient?: RegExp;
}

/** A service cannot start because another program uses its port. */
export class PortTakenError extends StackError {}

const startDeadline = 60_000;
/** After a kill, the system takes a moment to give a port back. */
const portDeadline = 3_000;
const killDeadline = 30_000;
/** Pause before a failed start is repeated, in ms. */
const RESTART_PAUSE = 200;

/** Starts a service and resolves when it serves. */
export async function startService<Port extends string>(
  blueprint: Blueprint<Port>,
  options: ServiceOptions,
): Promise<Service> {
  let ports = await choosePorts(blueprint.ports);
  let expected = false;

  const launch = async (): Promise<GuardedProcess> => {
    await requireFree(blueprint.title, Object.values(ports));
    let firstFailure: number | undefined;
    for (;;) {
      const process = await startProcess(
        { name: blueprint.name, ...(await blueprint.program(ports)) },
        options.dataDir,
      );
      const reason = await comesUp(blueprint, ports, process, options.signal);
      if (reason === undefined) return process;
      const retryFor = PORT_TAKEN.test(reason) ? portDeadline : blueprint.transient?.test(reason) ? startDeadline : 0;
      firstFailure ??= performance.now();
      if (performance.now() - firstFailure >= retryFor) throw failedStart(blueprint.title, process.log, reason);
      await delay(RESTART_PAUSE, undefined, { signal: options.signal });
    }
  };
  const watch = async (process: GuardedProcess) => {
    expected = false;
    const exit = await process.exited;
    if (!expected && process === running) options.onDeath?.(service, exit);
  };

  // A program that does not lease ports may have taken one of ours.
  const launchAnywhere = async (tries: number): Promise<GuardedProcess> => {
    try {
      return await launch();
    } catch (error) {
      const worthIt = Object.values(blueprint.ports).includes(0) && tries > 1;
      if (!(worthIt && error instanceof PortTakenError)) throw error;
      ports = await choosePorts(blueprint.ports);
      return launchAnywhere(tries - 1);
    }
  };
  let running = await launchAnywhere(4);

  const service: Service = {
    name: blueprint.name,
    url: blueprint.url(ports),
    ...(blueprint.page && { page: blueprint.page(ports) }),
    get pid() {
      return running.pid;
    },
    log: running.log,
    async kill(signal = 'SIGKILL') {
      if (signal !== 'SIGSTOP' && signal !== 'SIGCONT') expected = true;
      running.kill(signal);
      if (expected && !(await within(killDeadline, running.exited))) {
        throw new StackError(`${blueprint.title} did not end within ${killDeadline / 1000} s of ${signal}.`);
      }
    },
    async start() {
      running = await launch();
      void watch(running);
    },
    async stop() {
      expected = true;
      await running.stop();
    },
  };
  void watch(running);
  return service;
}

/**
 * Waits until a started service is ready. A start that hangs is stopped.
 *
 * @returns undefined if it is ready, or the last lines of its log if it ended
 * @throws {PortTakenError} if another process answers on its port
 */
async function comesUp<Port extends string>(
  blueprint: Blueprint<Port>,
  ports: Record<Port, number>,
  process: GuardedProcess,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  let ended: Exit | undefined;
  let taken: PortTakenError | undefined;
  void process.exited.then((exit) => {
    ended = exit;
  });
  const isReady = () =>
    blueprint.isReady(ports).catch((error: unknown) => {
      if (!(error instanceof PortTakenError)) throw error;
      taken = error;
      return true;
    });
  try {
    await waitFor(blueprint.title, async () => ended !== undefined || (await isReady()), {
      deadline: startDeadline,
      signal,
    });
    if (taken && !ended) throw taken;
  } catch (error) {
    await process.stop();
    throw error;
  }
  return ended && (logTail(process.log, 50) || `it ended with ${ended.signal ?? `exit code ${ended.code}`}`);
}

async function choosePorts<Port extends string>(wanted: Record<Port, number>): Promise<Record<Port, number>> {
  const leased = await leasePorts(Object.values(wanted).filter((port) => port === 0).length);
  const chosen = Object.entries<number>(wanted).map(([name, port]) => [name, port || leased.pop()]);
  return Object.fromEntries(chosen);
}

/** Another program that listens on the port could answer the readiness check in place of the service. */
async function requireFree(title: string, ports: number[]) {
  for (const port of ports) {
    const gone = waitFor(`Port ${port}`, async () => !(await portIsBusy(port)), { deadline: portDeadline });
    await gone.catch(() => {
      throw new PortTakenError(`${title} did not start: port ${port} is in use.`);
    });
  }
}

const PORT_TAKEN = /address already in use|EADDRINUSE/i;

function failedStart(title: string, log: string, words: string) {
  const Failure = PORT_TAKEN.test(words) ? PortTakenError : StackError;
  return new Failure(`${title} did not start: ${reasonIn(words)} (${log} has more).`);
}
