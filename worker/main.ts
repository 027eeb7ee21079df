import { setFlagsFromString } from 'node:v8';
import { readEnvironment } from '../config/environment.ts';
import { createLogger } from '../config/logger.ts';
import { runCommand } from '../config/run-command.ts';
import { servicesInUse } from '../config/services-in-use.ts';
import { readWorkerSettings } from './settings.ts';
import { startWorker } from './start-worker.ts';

// The SDK records a stack trace for every promise of a workflow, so short traces make replays 10 % faster. The limit applies only
// to threads that start after this line.
setFlagsFromString('--stack-trace-limit=4');
// By default, a heap grows to several times its live data, and V8 does not shrink it when the process becomes idle. A heap may
// double instead, and workflow threads get a smaller new space (ADR 25).
setFlagsFromString('--heap-growing-percent=100');
setFlagsFromString('--max-semi-space-size=16');

await runCommand(async () => {
  const settings = readWorkerSettings(readEnvironment());
  const logger = createLogger('crema-worker', settings.LOG_LEVEL);
  const worker = await startWorker(settings, logger);
  logger.info(servicesInUse(settings), 'The worker has started');
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, worker.stop);
  await worker.finished;
  logger.info('The worker has stopped');
});
