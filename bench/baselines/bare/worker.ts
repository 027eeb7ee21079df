import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { readEnvironment } from '../../../config/environment.ts';
import { runCommand } from '../../../config/run-command.ts';
import { createHealthServer } from '../../../worker/health-server.ts';
import { readWorkerSettings } from '../../../worker/settings.ts';
import { bareTaskQueue } from './messages.ts';

// Runs the worker of the baseline. It has its own process, as Crema's worker has.
await runCommand(async () => {
  const config = readWorkerSettings(readEnvironment());
  const logger = new DefaultLogger('WARN');
  Runtime.install({ logger, shutdownSignals: [] });
  const connection = await NativeConnection.connect({ address: config.TEMPORAL_ADDRESS });
  const workflowsPath = fileURLToPath(new URL('./workflow.ts', import.meta.url));
  const worker = await Worker.create({
    connection,
    taskQueue: bareTaskQueue,
    workflowBundle: await bundleWorkflowCode({ workflowsPath, logger }),
  });
  const health = createHealthServer(config.INSTANCE_ID, () => worker.getState(), {});
  await health.listen(config.WORKER_HEALTH_PORT, config.HOST);
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => worker.getState() === 'RUNNING' && worker.shutdown());
  }
  await worker.run();
  await health.close();
  await connection.close();
});
