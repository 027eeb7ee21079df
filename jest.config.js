// Run by `make test` through tests/run.ts, or alone:
// node --experimental-vm-modules node_modules/jest/bin/jest.js tests/<file>
/** @type {import('jest').Config} */
export default {
  roots: ['<rootDir>/tests'],
  testMatch: ['<rootDir>/tests/**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  moduleFileExtensions: ['ts', 'js', 'mjs', 'cjs', 'json', 'node'],
  transform: { '[.]ts$': '<rootDir>/tests/measure/jest-transform.ts' },
  // Hundreds of rounds that want the machine to themselves: `make races`.
  testPathIgnorePatterns: process.env.RACES
    ? []
    : ['/tests/races/', '/tests/sequences/', '/tests/workflows/(long-lives|side-by-side)'],
  testEnvironment: 'node',
  globalSetup: '<rootDir>/tests/global-setup.ts',
  globalTeardown: '<rootDir>/tests/global-teardown.ts',
  setupFilesAfterEnv: ['<rootDir>/tests/measure/write-after-each-file.ts'],
  // Each test file talks to real services, so two of them keep two cores busy.
  maxWorkers: 2,
  testTimeout: 30_000,
};
