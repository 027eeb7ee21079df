import { takeCoverage } from 'node:v8';

// Jest kills a worker that lingers half a second after its last file, and a killed process writes no coverage.
if (process.env.NODE_V8_COVERAGE) afterAll(() => takeCoverage());
