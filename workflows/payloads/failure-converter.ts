import { DefaultFailureConverter } from '@temporalio/common';

/** Moves messages and stacks of failures into a payload, which the codec encrypts. The SDK loads this module by its path. */
export const failureConverter = new DefaultFailureConverter({ encodeCommonAttributes: true });
