import Sequencer from '@jest/test-sequencer';

/** Files that take half a minute or more, so that none of them is the last one that runs. */
const SLOW = [
  'bench/bench',
  'stack/run',
  'faults/temporal-down',
  'faults/reconciler',
  'docs/swagger-ui',
  'chaos/chaos',
  'webhooks/deliveries',
];

/** Jest's order of test files, with the slow ones first, also where Jest has not measured any yet. */
export default class SlowestFirst extends Sequencer {
  async sort(tests) {
    const rankOf = (path) => {
      const rank = SLOW.findIndex((file) => path.endsWith(`/tests/${file}.test.ts`));
      return rank < 0 ? SLOW.length : rank;
    };
    return (await super.sort(tests)).sort((one, other) => rankOf(one.path) - rankOf(other.path));
  }
}
