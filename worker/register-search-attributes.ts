import { Connection } from '@temporalio/client';
import { SearchAttributeType } from '@temporalio/common';
import { readEnvironment } from '../config/environment.ts';
import { runCommand } from '../config/run-command.ts';
import { readTemporalConfig } from '../config/settings.ts';
import { searchAttributes } from '../workflows/messages.ts';

/** Temporal's numbers of the types that are in use (`temporal.api.enums.v1.IndexedValueType`). */
const indexedValueType: Record<string, number> = {
  [SearchAttributeType.KEYWORD]: 2,
  [SearchAttributeType.INT]: 3,
  [SearchAttributeType.DOUBLE]: 4,
};

const DEADLINE_MS = 30_000;

await runCommand(async () => {
  // Registers what the namespace lacks, so that it can run before every start.
  const { TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: namespace } = readTemporalConfig(readEnvironment());
  const connection = await Connection.connect({ address });
  try {
    await connection.withDeadline(Date.now() + DEADLINE_MS, async () => {
      const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
      const missing = Object.values(searchAttributes).filter(({ name }) => !(name in customAttributes));
      if (missing.length > 0) {
        const types = Object.fromEntries(missing.map(({ name, type }) => [name, indexedValueType[type]]));
        await connection.operatorService.addSearchAttributes({
          namespace,
          searchAttributes: types as Record<string, number>,
        });
      }
      const names = missing.map(({ name }) => name).join(', ');
      console.log(names ? `Registered search attributes: ${names}` : 'The search attributes are registered.');
    });
  } finally {
    await connection.close();
  }
});
