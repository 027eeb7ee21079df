import { Worker } from '@temporalio/worker';
import { startOptionsOf } from '../../workflows/messages/start-options.ts';
import { aPlacement } from '../domain/an-order.ts';
import { sharedBundle } from '../workflow-bundle.ts';
import { installQuietRuntime, readRecording, recordings, replayRecordings } from './replay.ts';

const workflowBundle = sharedBundle();
let errors: Map<string, Error | null>;
beforeAll(async () => {
  installQuietRuntime();
  errors = await replayRecordings({ workflowBundle }, recordings);
}, 60_000);

describe('a recorded history', () => {
  test.each(recordings)('replays on the present code: %s', (name) => {
    expect(errors.get(name)).toBeNull();
  });

  test('does not replay if an activity has another name', async () => {
    const history = JSON.stringify(readRecording('delivered')).replaceAll('"journal"', '"announce"');
    await expect(Worker.runReplayHistory({ workflowBundle }, JSON.parse(history))).rejects.toThrow(/[Nn]ondeterminis/);
  });
});

test('some histories are recorded with the run options that new orders get', () => {
  const [, today] = startOptionsOf(aPlacement(), 'a-key').args;
  expect(recordings.map(runOptionsOf)).toContainEqual({ ...today, signingKey: expect.any(String) });
});

/** Returns the second argument of a recorded workflow, which on orders is the run options. */
function runOptionsOf(name: string): unknown {
  const { input } = readRecording(name).events[0].workflowExecutionStartedEventAttributes;
  const data = input.payloads[1]?.data;
  return data && JSON.parse(Buffer.from(data, 'base64').toString());
}
