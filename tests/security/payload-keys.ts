import { createSecretKey, randomBytes } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { workflowsPath } from '../../worker/workflows-path.ts';
import type { PayloadKey } from '../../workflows/payloads/codec.ts';
import { failureConverterPath } from '../../workflows/payloads/data-converter.ts';

/** Returns a new key in the format of `PAYLOAD_KEYS`. */
export const newSetting = (id: string): string => `${id}:${randomBytes(32).toString('base64')}`;

/** Returns a new key as the settings contain it. */
export const newKey = (id: string): PayloadKey => ({ id, key: createSecretKey(randomBytes(32)) });

/** Builds a workflow bundle for shops with `PAYLOAD_KEYS`, as `npm run build` does. Returns its file. */
export async function bundleForKeys(): Promise<string> {
  const file = join(mkdtempSync(join(tmpdir(), 'crema-bundle-')), 'workflow-bundle.js');
  const { code } = await bundleWorkflowCode({
    workflowsPath,
    failureConverterPath,
    logger: new DefaultLogger('WARN'),
  });
  writeFileSync(file, code);
  return file;
}
