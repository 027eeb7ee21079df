import { setFlagsFromString } from 'node:v8';
import { readEnvironment } from '../config/environment.ts';
import { createLogger } from '../config/logger.ts';
import { runCommand } from '../config/run-command.ts';
import { servicesInUse } from '../config/services-in-use.ts';
import { readWorkerSettings } from './settings.ts';
import { startWorker } from './start-worker.ts';

// The SDK records a stack trace of every promise in a workflow. Short traces save a tenth of the time of a replay. The limit
// applies to threads that start later, so it is set first.
setFlagsFromString('--stack-trace-limit=4');

await runCommand(async () => {
  const config = readWorkerSettings(readEnvironment());
  const logger = createLogger('crema-worker', config.LOG_LEVEL);
  const worker = await startWorker(config, logger);
  logger.info(servicesInUse(config), 'The worker is at work');
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, worker.stop);
  await worker.finished;
  logger.info('The worker has stopped');
});
