import { freePorts, portIsBusy } from './ports.ts';
import { type Exit, type GuardedProcess, type Program, startProcess } from './process/guarded-process.ts';
import { lastWords, reasonIn } from './process/last-words.ts';
import { StackError } from './stack-error.ts';
import { waitFor, within } from './wait.ts';

/** What every service is started with. */
export interface ServiceOptions {
  /** Holds the service's data, log and pid file. Made when missing; never one that another run uses. */
  dataDir: string;
  /** Told what takes long or surprises; one line each. */
  log?: (line: string) => void;
  /** Ends the start early. */
  signal?: AbortSignal | undefined;
  /** Called when the service ends although nobody asked it to. */
  onDeath?: ((service: Service, exit: Exit) => void) | undefined;
}

/** A service that runs on this machine and ends with this process. */
export interface Service {
  name: string;
  /** What the service's variable (`DATABASE_URL`, …) is set to. */
  url: string;
  /** Its web page, if it has one. */
  page?: string;
  readonly pid: number;
  /** The file with everything it wrote. */
  log: string;
  /**
   * Sends a signal, by default SIGKILL, and waits for the end. SIGSTOP and SIGCONT end nothing: a service that hangs is
   * one of the faults to test.
   */
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** Starts it again after `kill` or `stop`: same port, same data. */
  start(): Promise<void>;
  /** Stops it in order. Stopping twice is fine. */
  stop(): Promise<void>;
}

/** What {@link startService} must know about a kind of service. */
export interface Blueprint<Port extends string> {
  name: string;
  title: string;
  /** 0 stands for any free port. */
  ports: Record<Port, number>;
  program(ports: Record<Port, number>): Omit<Program, 'name'> | Promise<Omit<Program, 'name'>>;
  url(ports: Record<Port, number>): string;
  page?(ports: Record<Port, number>): string;
  /** Whether it serves already; throwing means not yet. */
  isReady(ports: Record<Port, number>): Promise<boolean>;
  /** Words in its log that say that a start fails only for a moment. */
  transient?: RegExp;
}

const startDeadline = 60_000;
/** After a kill, the system takes a moment to give a port back. */
const portDeadline = 3_000;
const killDeadline = 30_000;

/** Starts a service and resolves when it serves. */
export async function startService<Port extends string>(
  blueprint: Blueprint<Port>,
  options: ServiceOptions,
): Promise<Service> {
  let ports = await choosePorts(blueprint.ports);
  let expected = false;

  const launch = async (): Promise<GuardedProcess> => {
    const deadline = performance.now() + startDeadline;
    await requireFree(blueprint.title, Object.values(ports));
    for (;;) {
      const process = await startProcess(
        { name: blueprint.name, ...(await blueprint.program(ports)) },
        options.dataDir,
      );
      const reason = await comesUp(blueprint, ports, process, options.signal);
      if (reason === undefined) return process;
      const retry = performance.now() < deadline && blueprint.transient?.test(reason);
      if (!retry) throw failedStart(blueprint.title, process.log, reason);
    }
  };
  const watch = async (process: GuardedProcess) => {
    expected = false;
    const exit = await process.exited;
    if (!expected && process === running) options.onDeath?.(service, exit);
  };

  // Between our choice of a free port and its use, somebody else may have been given it.
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

/** Resolves to nothing when it serves and to its last words when it ended; a start that hangs is stopped. */
async function comesUp<Port extends string>(
  blueprint: Blueprint<Port>,
  ports: Record<Port, number>,
  process: GuardedProcess,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  let ended: Exit | undefined;
  void process.exited.then((exit) => {
    ended = exit;
  });
  try {
    await waitFor(blueprint.title, async () => ended !== undefined || (await blueprint.isReady(ports)), {
      deadline: startDeadline,
      signal,
    });
  } catch (error) {
    await process.stop();
    throw error;
  }
  return ended && (lastWords(process.log, 50) || `it ended with ${ended.signal ?? `exit code ${ended.code}`}`);
}

async function choosePorts<Port extends string>(wanted: Record<Port, number>): Promise<Record<Port, number>> {
  const free = await freePorts(Object.keys(wanted).length);
  const chosen = Object.entries<number>(wanted).map(([name, port]) => [name, port || free.pop()]);
  return Object.fromEntries(chosen);
}

/** Whoever has our port might answer our first question in our service's place. */
async function requireFree(title: string, ports: number[]) {
  for (const port of ports) {
    const gone = waitFor(`Port ${port}`, async () => !(await portIsBusy(port)), { deadline: portDeadline });
    await gone.catch(() => {
      throw new PortTakenError(`${title} did not start: port ${port} is in use.`);
    });
  }
}

class PortTakenError extends StackError {}

function failedStart(title: string, log: string, words: string) {
  const taken = /address already in use|EADDRINUSE/i.test(words);
  return new (taken ? PortTakenError : StackError)(`${title} did not start: ${reasonIn(words)} (${log} has more).`);
}
