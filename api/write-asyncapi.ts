import { describeEvents } from './asyncapi.ts';
import { writeOrCheck } from './document-file.ts';

// Writes asyncapi.yaml from the contract; with --check, says whether it is what the contract is.
writeOrCheck('asyncapi.yaml', describeEvents(), 'npm run asyncapi');
