import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Connection } from '@temporalio/client';
import { localAddress } from '../../config/local-services.ts';
import { type Service, type ServiceOptions, startService } from '../service.ts';
import { findTemporal } from './binary.ts';

/** On any other Temporal server, `worker/prepare-namespace.ts` registers the same attributes. */
const searchAttributes = {
  OrderStatus: 'Keyword',
  OrderNumber: 'Int',
  CustomerId: 'Keyword',
  OrderTotal: 'Double',
  OrderLocation: 'Keyword',
};
const dynamicConfig = [
  // The defaults of these settings add 50 ms to each hop.
  ...['transfer', 'timer', 'visibility'].map((queue) => `history.${queue}ProcessorMaxPollRPS=2000`),
  // The completion of a workflow task returns the activities that it scheduled, which saves a hop.
  'system.enableActivityEagerExecution=true',
];

/** Starts Temporal's development server and Web UI on 127.0.0.1. Its database is a file, so that kill -9 loses no orders. */
export async function startTemporal(options: ServiceOptions & { port?: number; uiPort?: number }): Promise<Service> {
  const directory = join(options.dataDir, 'temporal');
  mkdirSync(directory, { recursive: true });
  const command = await findTemporal(options);
  return startService(
    {
      name: 'temporal',
      title: 'Temporal',
      ports: { grpc: options.port ?? 0, ui: options.uiPort ?? 0 },
      program: ({ grpc, ui }) => ({
        command,
        args: [
          ...['server', 'start-dev', '--db-filename', join(directory, 'temporal.db')],
          ...['--ip', '127.0.0.1', '--port', String(grpc), '--ui-ip', '127.0.0.1', '--ui-port', String(ui)],
          ...['journal_mode=WAL', 'synchronous=NORMAL'].flatMap((pragma) => ['--sqlite-pragma', pragma]),
          ...dynamicConfig.flatMap((value) => ['--dynamic-config-value', value]),
          ...Object.entries(searchAttributes).flatMap(([name, type]) => ['--search-attribute', `${name}=${type}`]),
          // The user's Temporal profile would change the server's configuration.
          ...['--disable-config-file', '--disable-config-env', '--color', 'never'],
        ],
        cwd: directory,
      }),
      url: ({ grpc }) => localAddress('TEMPORAL_ADDRESS', grpc),
      page: ({ ui }) => `http://127.0.0.1:${ui}`,
      isReady: ({ grpc }) => knowsOurAttributes(`127.0.0.1:${grpc}`),
    },
    options,
  );
}

async function knowsOurAttributes(address: string): Promise<boolean> {
  const connection = await Connection.connect({ address, connectTimeout: 1_000 });
  try {
    const known = await connection.withDeadline(Date.now() + 2_000, () =>
      connection.operatorService.listSearchAttributes({ namespace: 'default' }),
    );
    return Object.keys(searchAttributes).every((name) => known.customAttributes?.[name] !== undefined);
  } finally {
    await connection.close();
  }
}
