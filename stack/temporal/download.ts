/** `node download.ts <folder> <version>`: the SDK downloads Temporal's program to `<folder>/temporal-<version>`. */
import { Runtime } from '@temporalio/worker';

const [folder = '', version = ''] = process.argv.slice(2);
const runtime = Runtime.instance();
// The SDK downloads the program only when it starts a server.
const server = await runtime.createEphemeralServer({
  type: 'dev-server',
  exe: { type: 'cached-download', downloadDir: folder, version, ttl: 86_400_000, sdkName: 'crema', sdkVersion: '0' },
  namespace: 'default',
  ip: '127.0.0.1',
  port: null,
  uiPort: null,
  dbFilename: null,
  ui: false,
  log: { format: 'json', level: 'error' },
  extraArgs: [],
});
await runtime.shutdownEphemeralServer(server);
await runtime.shutdown();
