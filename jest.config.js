// Run by `make test` through tests/run.ts, or alone:
// node --experimental-vm-modules node_modules/jest/bin/jest.js tests/<file>

/** Hundreds of rounds, which want the machine to themselves: `make test` runs them after the others, one file at a time. */
const alone = String.raw`/tests/(races/|sequences/|chaos/|workflows/(long-lives|side-by-side))`;
const { PASS } = process.env;

/** @type {import('jest').Config} */
export default {
  roots: ['<rootDir>/tests'],
  testRegex: PASS === 'alone' ? `${alone}.*[.]test[.]ts$` : '/tests/.*[.]test[.]ts$',
  testPathIgnorePatterns: PASS === 'together' ? [alone] : [],
  extensionsToTreatAsEsm: ['.ts'],
  moduleFileExtensions: ['ts', 'js', 'mjs', 'cjs', 'json', 'node'],
  transform: { '[.]ts$': '<rootDir>/tests/measure/jest-transform.ts' },
  testEnvironment: 'node',
  globalSetup: '<rootDir>/tests/global-setup.ts',
  globalTeardown: '<rootDir>/tests/global-teardown.ts',
  setupFilesAfterEnv: ['<rootDir>/tests/measure/write-after-each-file.ts'],
  // Each test file talks to real services, so two of them keep two cores busy.
  maxWorkers: PASS === 'alone' ? 1 : 2,
  testTimeout: 30_000,
};
