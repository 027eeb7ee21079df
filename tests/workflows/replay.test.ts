import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DefaultLogger, makeTelemetryFilterString, Runtime, Worker } from '@temporalio/worker';
import { sharedBundle } from '../workflow-bundle.ts';
import { replayErrors } from './replay-errors.ts';

const folder = join(import.meta.dirname, 'histories');
const recorded = readdirSync(folder).map((file) => file.replace('.json', ''));
const readHistory = (name: string) => JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8'));

const workflowBundle = sharedBundle();
let errors: Map<string, Error | undefined>;
beforeAll(async () => {
  const logger = new DefaultLogger('ERROR');
  Runtime.install({ logger, telemetryOptions: { logging: { filter: makeTelemetryFilterString({ core: 'ERROR' }) } } });
  const histories = recorded.map((name) => ({ workflowId: name, history: readHistory(name) }));
  errors = await replayErrors({ workflowBundle }, histories);
}, 60_000);

describe('a recorded history', () => {
  test.each(recorded)('replays on the present code: %s', (name) => {
    expect([errors.has(name), errors.get(name)]).toEqual([true, undefined]);
  });

  test('does not replay if an activity has another name', async () => {
    const history = JSON.stringify(readHistory('delivered')).replaceAll('"journal"', '"announce"');
    await expect(Worker.runReplayHistory({ workflowBundle }, JSON.parse(history))).rejects.toThrow(/[Nn]ondeterminis/);
  });
});
