// tests/run.ts (`make test`) uses this configuration. To run one file without it:
// node --experimental-vm-modules node_modules/jest/bin/jest.js tests/<file>

/**
 * The files of the second pass, which run one at a time. Each keeps both processors busy. In parallel they would not end
 * earlier, and would time out more often.
 */
const ALONE = [
  // A new worker must answer 24 orders within 10 s. Beside two other files, it took 12.7 s.
  'races/killed-worker',
  // Two competing requests must start within milliseconds, or the same one always wins.
  'races/changes',
  // Orders must see many versions of a catalog that changes all the time. A slow machine sees too few.
  'races/repricing',
  // As above, with an option that is sold out and back all the time.
  'races/sold-out-option',
  // Twenty requests at once, 200 times.
  'races/twins',
  // npm and the bundler keep both processors busy for half a minute.
  'docs/production',
  // Forty sequences of requests, drawn at random, for up to 90 s.
  'sequences/any-sequence',
  // Over a thousand signals to one order, whose emails must keep up.
  'workflows/long-lives',
];
const alone = String.raw`/tests/(${ALONE.join('|')})`;
const { PASS } = process.env;

/** @type {import('jest').Config} */
export default {
  roots: ['<rootDir>/tests'],
  testRegex: PASS === 'alone' ? `${alone}.*[.]test[.]ts$` : '/tests/.*[.]test[.]ts$',
  testPathIgnorePatterns: PASS === 'together' ? [alone] : [],
  extensionsToTreatAsEsm: ['.ts'],
  moduleFileExtensions: ['ts', 'js', 'mjs', 'cjs', 'json', 'node'],
  transform: { '[.]ts$': '<rootDir>/tests/measure/jest-transform.ts' },
  testEnvironment: '<rootDir>/tests/evidence/save-evidence.ts',
  globalSetup: '<rootDir>/tests/global-setup.ts',
  globalTeardown: '<rootDir>/tests/global-teardown.ts',
  setupFilesAfterEnv: ['<rootDir>/tests/measure/write-after-each-file.ts'],
  testSequencer: '<rootDir>/tests/slowest-first.js',
  // Three files keep two processors busy, because a test often waits.
  maxWorkers: PASS === 'alone' ? 1 : 3,
  testTimeout: 30_000,
};
