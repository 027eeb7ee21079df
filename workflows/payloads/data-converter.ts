import { fileURLToPath } from 'node:url';
import type { DataConverter, LoadedDataConverter } from '@temporalio/common';
import { decodeFromPayloadsAtIndex } from '@temporalio/common/lib/internal-non-workflow/index.js';
import type { Decode } from '../messages/history.ts';
import { createPayloadCodec, type PayloadKey } from './codec.ts';

/** What a workflow bundle must be made with, for its failures to be encrypted. */
export const failureConverterPath = fileURLToPath(new URL('./failure-converter.ts', import.meta.url));

/**
 * How everything that goes to Temporal is written: the same for every client and worker.
 *
 * @param keys see {@link createPayloadCodec}; without any, everything is plain, for the Temporal Web UI to show as it is
 */
export const createDataConverter = (keys: readonly PayloadKey[]): DataConverter => ({
  payloadCodecs: [createPayloadCodec(keys)],
  ...(keys.length > 0 && { failureConverterPath }),
});

/** Reads payloads that a client was not asked to read: those of a history. */
export const createDecode =
  (converter: LoadedDataConverter): Decode =>
  (payloads) =>
    decodeFromPayloadsAtIndex(converter, 0, payloads);
