import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { Service } from '../../stack/service.ts';
import type { ChaosShop } from './chaos-shop.ts';
import type { Fault, Part } from './fault.ts';
import { freezeDispatcher, freezeWriter } from './freeze-faults.ts';

const HOUR_S = 3_600;

/** Returns all faults that this machine can cause. */
export function faultsOf(shop: ChaosShop): Fault[] {
  const { postgres, temporal, redis, smtp } = shop.services;
  const programs: [Part, Service, string][] = [
    ...shop.apis.map((api, index): [Part, Service, string] => ['api', api, `api-${index + 1}`]),
    ...shop.workers.map((worker, index): [Part, Service, string] => ['worker', worker, `worker-${index + 1}`]),
  ];
  const services = Object.entries({ postgres, temporal, redis, smtp }) as [Part, Service | undefined][];
  const own = services.flatMap(([part, service]): [Part, Service, string][] =>
    service ? [[part, service, part]] : [],
  );
  return [
    ...[...programs, ...own].flatMap(([part, service, target]) => [
      kill([service], target, part),
      freeze(service, target, part),
    ]),
    kill(shop.workers, 'both workers', 'worker'),
    kill(shop.apis, 'both APIs', 'api'),
    ...shop.links.flatMap(disturb),
    rollingRestart(shop.workers, 'workers', 'worker'),
    rollingRestart(shop.apis, 'APIs', 'api'),
    ...shop.clocks.map(moveClock),
    slowMailServer(shop),
    freezeDispatcher(shop),
    ...freezeWriter(shop),
  ];
}

/** `kill -9`. Postgres is stopped as by `pg_ctl stop -m immediate`, which also skips the last checkpoint. */
const kill = (services: Service[], target: string, part: Part): Fault => ({
  kind: 'kill',
  target,
  parts: [part],
  lasts: [200, 3_000],
  async begin() {
    await Promise.all(services.map((service) => service.kill(part === 'postgres' ? 'SIGQUIT' : 'SIGKILL')));
    return async () => {
      await Promise.all(services.map((service) => service.start()));
    };
  },
});

/** Stops a process with SIGSTOP: it keeps its connections but does not answer. For Postgres, also stops each connection's process. */
const freeze = (service: Service, target: string, part: Part): Fault => ({
  kind: 'freeze',
  target,
  parts: [part],
  lasts: [2_000, 7_000],
  async begin() {
    await service.kill('SIGSTOP');
    const children = part === 'postgres' ? childrenOf(service.pid) : [];
    signal(children, 'SIGSTOP');
    return async () => {
      signal(children, 'SIGCONT');
      await service.kill('SIGCONT');
    };
  },
});

function childrenOf(pid: number): number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
  } catch {
    // Only Linux lists child processes. On other systems, only the server itself is frozen: it accepts no new connections.
    return [];
  }
}

function signal(pids: number[], name: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, name);
    } catch {
      // The process has ended.
    }
  }
}

function disturb(link: ChaosShop['links'][number]): Fault[] {
  const parts = link.name.split('-to-') as Part[];
  const both = ['upstream', 'downstream'] as const;
  const common = { target: link.name, parts };
  return [
    {
      ...common,
      kind: 'latency',
      lasts: [3_000, 8_000],
      async begin(random) {
        return link.disturb('latency', random.pick(both), Math.round(random.between(100, 1_500)));
      },
    },
    {
      ...common,
      kind: 'reset',
      lasts: [500, 4_000],
      // The connection is cut a little after the first byte, so that some requests have already taken effect.
      begin: (random) => link.disturb('reset_peer', random.pick(both), Math.round(random.between(0, 50))),
    },
    {
      ...common,
      kind: 'black hole',
      lasts: [2_000, 7_000],
      async begin(random) {
        const ways = random.pick([both, ['upstream'], ['downstream']] as const);
        const undos = await Promise.all(ways.map((way) => link.disturb('timeout', way)));
        return async () => {
          await Promise.all(undos.map((undo) => undo()));
        };
      },
    },
  ];
}

/** Restarts one process after the other by SIGTERM, as a deploy does. */
const rollingRestart = (services: Service[], target: string, part: Part): Fault => ({
  kind: 'rolling restart',
  target,
  parts: [part],
  lasts: [0, 0],
  async begin() {
    for (const service of services) {
      await service.kill('SIGTERM');
      await service.start();
      await delay(500);
    }
    return async () => {};
  },
});

/** Moves the time of day of a running process. */
const moveClock = ({ name, clock }: ChaosShop['clocks'][number]): Fault => ({
  kind: 'moved clock',
  target: name,
  parts: [name.split('-')[0] as Part],
  lasts: [3_000, 8_000],
  async begin(random) {
    clock.move(random.pick([HOUR_S, -HOUR_S]));
    return async () => {
      clock.move(0);
      // The process sees the change within a second.
      await delay(1_100);
    };
  },
});

/** Delays the confirmation of each email for longer than most clients wait. Even so, no email may arrive twice. */
const slowMailServer = ({ catcher }: ChaosShop): Fault => ({
  kind: 'slow mail server',
  target: 'SMTP server, after each mail',
  parts: ['smtp'],
  lasts: [10_000, 15_000],
  async begin() {
    const end = catcher.slowDown(12_000);
    return async () => end();
  },
});
