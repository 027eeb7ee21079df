import { fileURLToPath } from 'node:url';
import type { DataConverter, LoadedDataConverter } from '@temporalio/common';
import { decodeFromPayloadsAtIndex } from '@temporalio/common/lib/internal-non-workflow/index.js';
import type { Decode } from '../messages/history.ts';
import { createPayloadCodec, type PayloadKey } from './codec.ts';

/** A workflow bundle needs this path, so that failures of workflows are encrypted too. */
export const failureConverterPath = fileURLToPath(new URL('./failure-converter.ts', import.meta.url));

/**
 * Returns the data converter of every client and worker.
 *
 * @param keys see {@link createPayloadCodec}; without keys, the Temporal Web UI shows all payloads
 */
export const createDataConverter = (keys: readonly PayloadKey[]): DataConverter => ({
  payloadCodecs: [createPayloadCodec(keys)],
  ...(keys.length > 0 && { failureConverterPath }),
});

/** Returns a function that decodes the payloads of a history, which clients leave encoded. */
export const createDecode =
  (converter: LoadedDataConverter): Decode =>
  (payloads) =>
    decodeFromPayloadsAtIndex(converter, 0, payloads);
