import { defaultPayloadConverter, type RawValue, rawValueTypeInfo } from '@temporalio/common';
import { defineSignal, type SignalDefinition, setHandler } from '@temporalio/workflow';

/** No message at all would be a cancellation without a reason, so this one must be something: a text is never a message. */
const UNREADABLE = 'a payload that cannot be read';

/**
 * Handles a signal whatever arrives with it. The SDK decodes arguments before it calls a handler, and one that it cannot
 * decode (the wrong encoding picked in the Temporal Web UI) fails the workflow's task, which is then retried for ever.
 *
 * @param handle gets the first argument: of any shape, `undefined` if there is none, a text if it cannot be read
 */
// biome-ignore lint/suspicious/noExplicitAny: only the signal's name counts here, whatever it says of its arguments
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
