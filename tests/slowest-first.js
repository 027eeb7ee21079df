import Sequencer from '@jest/test-sequencer';

/** Files that take half a minute or more. They start first, so that the run does not end with one worker on a slow file. */
const SLOW = [
  'bench/bench',
  'stack/run',
  'faults/temporal-down',
  'faults/reconciler',
  'docs/swagger-ui',
  'chaos/chaos',
  'webhooks/deliveries',
];

/** Puts the slow files first, even before Jest has measured them. */
export default class SlowestFirst extends Sequencer {
  async sort(tests) {
    const rankOf = (path) => {
      const rank = SLOW.findIndex((file) => path.endsWith(`/tests/${file}.test.ts`));
      return rank < 0 ? SLOW.length : rank;
    };
    return (await super.sort(tests)).sort((one, other) => rankOf(one.path) - rankOf(other.path));
  }
}
