import { defaultPayloadConverter, type RawValue, rawValueTypeInfo } from '@temporalio/common';
import { defineSignal, type SignalDefinition, setHandler } from '@temporalio/workflow';

/** Replaces an unreadable argument. A text is an invalid message, whereas a missing argument would be a valid cancellation. */
const UNREADABLE = 'a payload that cannot be read';

/**
 * Handles a signal with any argument. The SDK decodes arguments before it calls a handler. An argument that it cannot decode,
 * for example with a wrong encoding chosen in the Temporal Web UI, would fail the workflow task forever.
 *
 * @param handle receives the first argument: undefined if it is missing, a text if it is unreadable
 */
// biome-ignore lint/suspicious/noExplicitAny: only the signal's name is used here
export function onSignal(signal: SignalDefinition<any>, handle: (message: unknown) => void, description: string): void {
  const raw = defineSignal<[RawValue?]>(signal.name, { typeInfo: { inputTypes: [rawValueTypeInfo] } });
  setHandler(raw, (argument) => handle(argument && read(argument)), { description });
}

function read({ payload }: RawValue): unknown {
  try {
    return defaultPayloadConverter.fromPayload(payload);
  } catch {
    return UNREADABLE;
  }
}
