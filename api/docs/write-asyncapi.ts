import { describeEvents } from './asyncapi.ts';
import { SHOP, writeOrCheck } from './document-file.ts';

// Writes asyncapi.yaml. With --check, fails if the file is outdated.
writeOrCheck('asyncapi.yaml', describeEvents(SHOP), 'npm run asyncapi');
