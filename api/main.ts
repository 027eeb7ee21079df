import { ConfigurationError, readEnvironment } from '../config/environment.ts';
import { createLogger } from '../config/logger.ts';
import { readApiConfig } from '../config/settings.ts';
import { startApi } from './start-api.ts';

try {
  const config = readApiConfig(readEnvironment());
  const logger = createLogger('crema-api', config.LOG_LEVEL);
  const api = await startApi(config, logger);
  logger.info({ port: api.port }, 'The API is open');
  const stop = async () => {
    await api.stop();
    logger.info('The API is closed');
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, stop);
} catch (error) {
  console.error(error instanceof ConfigurationError ? error.message : error);
  process.exitCode = 1;
}
