import { takeCoverage } from 'node:v8';

// Jest kills workers that do not exit within half a second after their last file. A killed process writes no coverage, so write it
// after each file.
if (process.env.NODE_V8_COVERAGE) afterAll(() => takeCoverage());
