import { createSecretKey, randomBytes } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PayloadKey } from '../../workflows/payloads/codec.ts';
import { failureConverterPath } from '../../workflows/payloads/data-converter.ts';
import { writeWorkflowBundle } from '../workflow-bundle.ts';

/** Returns a new key in the format of `PAYLOAD_KEYS`. */
export const newSetting = (id: string): string => `${id}:${randomBytes(32).toString('base64')}`;

/** Returns a new key as parsed settings contain it. */
export const newKey = (id: string): PayloadKey => ({ id, key: createSecretKey(randomBytes(32)) });

/** Builds a workflow bundle for shops with `PAYLOAD_KEYS`, as `npm run build` does. Returns its file. */
export const bundleForKeys = (): Promise<string> =>
  writeWorkflowBundle(mkdtempSync(join(tmpdir(), 'crema-bundle-')), { failureConverterPath });
