import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { findOnPath } from '../../stack/path.ts';
import { leasePorts } from '../../stack/ports.ts';
import { runProcess } from '../../stack/process/guarded-process.ts';
import { type Service, type ServiceOptions, startService } from '../../stack/service.ts';

const VERSION = '2.12.0';
const BUILD_DEADLINE_MS = 5 * 60_000;

/** The direction of the disturbed data: to the service, or back from it. */
export type Direction = 'upstream' | 'downstream';

/** A proxied connection between two parts. */
export interface Link {
  name: string;
  /** The listening port, on 127.0.0.1. */
  port: number;
  /**
   * Disturbs all data in one direction: `latency` delays it by about this many ms, `reset_peer` cuts the connection, `timeout`
   * drops it.
   *
   * @returns a function that ends the disturbance
   */
  disturb(type: 'latency' | 'reset_peer' | 'timeout', direction: Direction, ms?: number): Promise<() => Promise<void>>;
}

export interface Toxiproxy {
  link(name: string, upstreamPort: number): Promise<Link>;
  stop(): Promise<void>;
}

/** The timeout of a call to Toxiproxy, in ms. */
const CALL_TIMEOUT_MS = 5_000;

/** Finds Toxiproxy, or builds it if `fetchTools` is set. Returns undefined if it is not available. */
export async function findToxiproxy(options: ServiceOptions & { fetchTools: boolean }): Promise<Toxiproxy | undefined> {
  const command = await findProgram(options);
  if (!command) return undefined;
  const started: Service[] = [];
  return {
    async link(name, upstreamPort) {
      const { link, service } = await startLink(command, name, upstreamPort, options);
      started.push(service);
      return link;
    },
    async stop() {
      await Promise.all(started.map((service) => service.stop()));
    },
  };
}

/** Starts a link in its own process, so that its failures do not affect other links. */
async function startLink(command: string, name: string, upstreamPort: number, options: ServiceOptions) {
  const [port = 0] = await leasePorts(1);
  const dataDir = join(options.dataDir, 'links', name);
  mkdirSync(dataDir, { recursive: true });
  const config = join(dataDir, 'proxies.json');
  const upstream = `127.0.0.1:${upstreamPort}`;
  writeFileSync(config, JSON.stringify([{ name, listen: `127.0.0.1:${port}`, upstream, enabled: true }]));
  const service = await startService(
    {
      name,
      title: `Toxiproxy, ${name},`,
      ports: { http: 0 },
      program: ({ http }) => ({
        command,
        args: ['-host', '127.0.0.1', '-port', String(http), '-config', config],
        env: { ...process.env, LOG_LEVEL: 'warn' },
      }),
      url: ({ http }) => `http://127.0.0.1:${http}/proxies/${name}/toxics`,
      isReady: async ({ http }) => (await fetch(`http://127.0.0.1:${http}/proxies/${name}`)).ok,
    },
    { ...options, dataDir },
  );

  async function call(method: string, path: string, body?: object): Promise<void> {
    const signal = AbortSignal.timeout(CALL_TIMEOUT_MS);
    const answer = await fetch(`${service.url}${path}`, {
      method,
      signal,
      ...(body && { body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(`Toxiproxy answers ${method} ${path} with ${answer.status} ${await answer.text()}`);
  }

  const disturb: Link['disturb'] = async (type, stream, ms = 0) => {
    const attributes = type === 'latency' ? { latency: ms, jitter: Math.round(ms / 4) } : { timeout: ms };
    const toxic = `${type}-${stream}`;
    await call('POST', '', { name: toxic, type, stream, toxicity: 1, attributes });
    return async () => {
      try {
        await call('DELETE', `/${toxic}`);
      } catch {
        // Removing a toxic from a busy link sometimes hangs (Shopify/toxiproxy#558).
        await service.kill();
        await service.start();
      }
    };
  };
  return { link: { name, port, disturb }, service };
}

/** Returns the program on the PATH or in the project's cache, or builds it with Go. */
async function findProgram({
  fetchTools,
  ...options
}: ServiceOptions & { fetchTools: boolean }): Promise<string | undefined> {
  const installed = findOnPath('toxiproxy-server');
  if (installed) return installed;
  const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'crema', 'bin');
  const cached = join(cache, `toxiproxy-${VERSION}`);
  if (existsSync(cached)) return cached;
  const go = fetchTools && findOnPath('go');
  if (!go) return undefined;
  options.log?.(`Building Toxiproxy ${VERSION} from source, once …`);
  mkdirSync(cache, { recursive: true });
  // Built beside the cache and moved at the end, so that an aborted build leaves no incomplete file there.
  const buildFolder = mkdtempSync(join(cache, 'new-'));
  try {
    const exit = await runProcess(
      {
        name: 'build-toxiproxy',
        command: go,
        args: ['install', `github.com/Shopify/toxiproxy/v2/cmd/server@v${VERSION}`],
        env: { ...process.env, GOBIN: buildFolder },
      },
      { ...options, deadline: BUILD_DEADLINE_MS },
    );
    if (exit?.code !== 0) return undefined;
    renameSync(join(buildFolder, 'server'), cached);
    return cached;
  } finally {
    rmSync(buildFolder, { recursive: true, force: true });
  }
}
