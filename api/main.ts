import { readEnvironment } from '../config/environment.ts';
import { createLogger } from '../config/logger.ts';
import { runCommand } from '../config/run-command.ts';
import { servicesInUse } from '../config/services-in-use.ts';
import { readApiSettings } from './settings.ts';
import { startApi } from './start-api.ts';

await runCommand(async () => {
  const settings = readApiSettings(readEnvironment());
  const logger = createLogger('crema-api', settings.LOG_LEVEL);
  const api = await startApi(settings, logger);
  logger.info({ port: api.port, ...servicesInUse(settings) }, 'The API is open');
  const stop = async () => {
    await api.stop();
    logger.info('The API is closed');
    // Without this, a pending retry of Temporal's client would throw, because the connection is closed.
    process.exit();
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, stop);
});
