import { DefaultFailureConverter } from '@temporalio/common';

/** Puts messages and stacks of failures where the codec encrypts them. Loaded by path, in the workflows' sandbox too. */
export const failureConverter = new DefaultFailureConverter({ encodeCommonAttributes: true });
