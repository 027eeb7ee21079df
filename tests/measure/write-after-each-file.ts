import { takeCoverage } from 'node:v8';

// Jest kills workers that do not exit within half a second after their last file. Killed processes write no coverage.
if (process.env.NODE_V8_COVERAGE) afterAll(() => takeCoverage());
