import { DefaultFailureConverter } from '@temporalio/common';

/** Moves messages and stacks of failures into a payload, which the codec encrypts. Loaded by path, also in the sandbox. */
export const failureConverter = new DefaultFailureConverter({ encodeCommonAttributes: true });
