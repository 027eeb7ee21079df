import { Counter } from '@prometheus-io/client';
import { DefaultLogger, type LogLevel, type MetricsExporterConfig, Runtime } from '@temporalio/worker';
import type { Logger } from '../config/logger.ts';
import { type Registry, readersOfMetrics } from '../config/metrics.ts';
import type { MetricsPage } from './health-server.ts';
import type { WorkerSettings } from './settings.ts';

/** The timeout of a request to the SDK's metrics endpoint, in ms. */
const SDK_METRICS_TIMEOUT_MS = 2_000;

/** The start of the native SDK's message about a failed workflow task. */
const FAILING_TASK = /^Failing workflow task/;

/** Maps the SDK's log levels to the levels of this project's logger. */
const levels = { TRACE: 'trace', DEBUG: 'debug', INFO: 'info', WARN: 'warn', ERROR: 'error' } as const;

/**
 * Returns the SDK's log level for LOG_LEVEL. Never TRACE, because the SDK then logs decrypted payloads. Never above WARN, because
 * failed workflow tasks are counted by the SDK's warnings.
 */
const sdkLevel = (logLevel: string): LogLevel =>
  (['DEBUG', 'INFO'] as const).find((level) => [levels[level], 'trace'].includes(logLevel)) ?? 'WARN';

/** Configures the SDK of this process and sends the SDK's log to `logger`. Must run before the first connection to Temporal. */
export function installRuntime(settings: WorkerSettings, logger: Logger, registry: Registry): void {
  const failingTasks = new Counter({
    name: 'crema_workflow_tasks_failed_total',
    help: 'Failed attempts at workflow tasks. Temporal retries a task until it succeeds.',
    registers: [registry],
  });
  Runtime.install({
    logger: new DefaultLogger(sdkLevel(settings.LOG_LEVEL), ({ level, message, meta }) => {
      if (FAILING_TASK.test(message)) failingTasks.inc();
      // Task tokens are long and of no use to operators. Pino serializes errors only under the name `err`.
      const { taskToken: _, error: err, ...fields } = meta ?? {};
      logger[levels[level]]({ ...fields, ...(err !== undefined && { err }) }, message);
    }),
    telemetryOptions: {
      // Forwards the log of the SDK's native part to `logger`, so that this log is redacted too.
      logging: { forward: {}, filter: { core: 'WARN', other: 'ERROR' } },
      ...(settings.TEMPORAL_METRICS_PORT && { metrics: sdkMetrics(settings.TEMPORAL_METRICS_PORT) }),
    },
    shutdownSignals: [],
  });
}

/**
 * Returns the options of the SDK's metrics, with names by Prometheus' rules. They are served on 127.0.0.1 only, because the
 * worker's own `/metrics` includes them.
 */
const sdkMetrics = (port: number): MetricsExporterConfig => ({
  prometheus: {
    bindAddress: `127.0.0.1:${port}`,
    countersTotalSuffix: true,
    unitSuffix: true,
    useSecondsForDurations: true,
  },
});

/** Returns the page with the worker's metrics and, with TEMPORAL_METRICS_PORT, those of the SDK. */
export function metricsPage(settings: WorkerSettings, registry: Registry): MetricsPage | undefined {
  const mayRead = readersOfMetrics(settings);
  const port = settings.TEMPORAL_METRICS_PORT;
  const text = async () => (port ? `${await registry.metrics()}\n${await readSdkMetrics(port)}` : registry.metrics());
  return mayRead && { contentType: registry.contentType, text, mayRead };
}

async function readSdkMetrics(port: number): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${port}/metrics`, {
    signal: AbortSignal.timeout(SDK_METRICS_TIMEOUT_MS),
  });
  if (!response.ok) throw new Error(`The server on TEMPORAL_METRICS_PORT answered ${response.status}`);
  return response.text();
}
