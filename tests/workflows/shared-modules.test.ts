import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');

// The workflows of a thread share these modules (worker/workflow-code.ts), so a variable would be shared between orders.
test('modules of workflows have no variables', () => {
  const files = globSync('{workflows,domain}/**/*.ts', { cwd: root });
  expect(files.length).toBeGreaterThan(40);
  const variables = files.filter((file) => /^(export )?(let|var) /m.test(readFileSync(join(root, file), 'utf8')));
  expect(variables).toEqual([]);
});
