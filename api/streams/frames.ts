import { toJsonLine } from '../../domain/text.ts';

/** A comment in the stream, sent so that proxies do not close an idle connection. */
export const HEARTBEAT = Buffer.from(':\n\n');

/**
 * Returns the frame of a server-sent event, as the HTML standard defines it.
 *
 * @param id the position from which a client can resume; undefined: that of the event before
 */
export const toFrame = ({ id, event, data }: { id?: string; event: string; data: unknown }): Buffer =>
  Buffer.from(`${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${toJsonLine(data)}\n\n`);

/** Returns a frame that sets how long a client waits before it reconnects, in ms. */
export const toRetryFrame = (ms: number): Buffer => Buffer.from(`retry: ${ms}\n\n`);
