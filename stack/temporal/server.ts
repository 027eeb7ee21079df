import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Connection } from '@temporalio/client';
import { localAddress } from '../../config/local-services.ts';
import { type LocalServiceOptions, type Service, startService } from '../service.ts';
import { findTemporal } from './binary.ts';

/** The search attributes of `workflows/`. On other Temporal servers, `worker/prepare-namespace.ts` registers them. */
const searchAttributes = {
  OrderStatus: 'Keyword',
  OrderNumber: 'Int',
  CustomerId: 'Keyword',
  OrderTotal: 'Double',
  OrderLocation: 'Keyword',
};
const dynamicConfig = [
  // The default polling rates delay each task by up to 50 ms.
  ...['transfer', 'timer', 'visibility'].map((queue) => `history.${queue}ProcessorMaxPollRPS=2000`),
  // With this, the worker that completes a workflow task gets its activities in the same response.
  'system.enableActivityEagerExecution=true',
];

/** Starts Temporal's development server and Web UI on 127.0.0.1. Its database is a file, so that kill -9 loses no orders. */
export async function startTemporal(options: LocalServiceOptions): Promise<Service> {
  const directory = join(options.dataDir, 'temporal');
  mkdirSync(directory, { recursive: true });
  const command = await findTemporal(options);
  return startService(
    {
      name: 'temporal',
      title: 'Temporal',
      ports: { grpc: options.ports?.TEMPORAL_PORT, ui: options.ports?.TEMPORAL_UI_PORT },
      program: ({ grpc, ui }) => ({
        command,
        args: [
          ...['server', 'start-dev', '--db-filename', join(directory, 'temporal.db')],
          ...['--ip', '127.0.0.1', '--port', String(grpc), '--ui-ip', '127.0.0.1', '--ui-port', String(ui)],
          ...['journal_mode=WAL', 'synchronous=NORMAL'].flatMap((pragma) => ['--sqlite-pragma', pragma]),
          ...dynamicConfig.flatMap((value) => ['--dynamic-config-value', value]),
          ...Object.entries(searchAttributes).flatMap(([name, type]) => ['--search-attribute', `${name}=${type}`]),
          // A Temporal profile of the user would change the server's configuration, so it is not read.
          ...['--disable-config-file', '--disable-config-env', '--color', 'never'],
        ],
        cwd: directory,
      }),
      url: ({ grpc }) => localAddress('TEMPORAL_ADDRESS', grpc),
      page: ({ ui }) => `http://127.0.0.1:${ui}`,
      isReady: ({ grpc }) => hasSearchAttributes(`127.0.0.1:${grpc}`),
    },
    options,
  );
}

async function hasSearchAttributes(address: string): Promise<boolean> {
  const connection = await Connection.connect({ address, connectTimeout: 1_000 });
  try {
    const { customAttributes } = await connection.withDeadline(Date.now() + 2_000, () =>
      connection.operatorService.listSearchAttributes({ namespace: 'default' }),
    );
    return Object.keys(searchAttributes).every((name) => customAttributes?.[name] !== undefined);
  } finally {
    await connection.close();
  }
}
