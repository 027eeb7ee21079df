import { toJsonLine } from '../../domain/text.ts';

/** What is sent when there is nothing to say, so that nobody on the way takes the connection for dead: a comment. */
export const HEARTBEAT = Buffer.from(':\n\n');

/** An event as the wire has it (HTML standard, server-sent events). Readers may split on more than its line breaks. */
export const toFrame = ({ id, event, data }: { id: string; event: string; data: unknown }): Buffer =>
  Buffer.from(`id: ${id}\nevent: ${event}\ndata: ${toJsonLine(data)}\n\n`);

/** How soon a client is to come back once its stream has ended, in ms. */
export const toRetryFrame = (ms: number): Buffer => Buffer.from(`retry: ${ms}\n\n`);
