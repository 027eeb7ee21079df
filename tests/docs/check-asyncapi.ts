import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { asyncApiFaults } from './asyncapi-faults.ts';

// `npm run check:asyncapi`: checks that asyncapi.yaml is valid AsyncAPI 3.
const faults = await asyncApiFaults(parse(readFileSync('asyncapi.yaml', 'utf8')));
for (const fault of faults) console.error(fault);
if (faults.length > 0) process.exitCode = 1;
