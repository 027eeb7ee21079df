import { describeEvents } from './asyncapi.ts';
import { SHOP, writeOrCheck } from './document-file.ts';

// Writes asyncapi.yaml from the contract, as a shop in development serves it; with --check, says whether it is what the contract is.
writeOrCheck('asyncapi.yaml', describeEvents(SHOP), 'npm run asyncapi');
