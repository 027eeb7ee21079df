import { connect, type Socket } from 'node:net';
import { callWithDeadline } from './measure/call-with-deadline.ts';

/** Readers of the same stream. */
export interface StreamReaders {
  /** Returns when each reader received an event, on the clock of `performance`. Call it before the event happens. */
  arrivals(id: string): Promise<number[]>;
  close(): void;
}

/** The number of connections that are opened at the same time. */
const AT_ONCE = 50;

/**
 * Opens streams, each with its own connection, and resolves when all have received their snapshot. A thousand of Node's own
 * clients would take longer to read an event than the API takes to send the event. Therefore these readers only search for the
 * event's id and its end.
 */
export async function openStreams(
  url: string,
  { as, readers }: { as: string; readers: number },
): Promise<StreamReaders> {
  const { hostname, port, pathname, host } = new URL(url);
  const request = `GET ${pathname} HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${as}\r\n\r\n`;
  const sockets: Socket[] = [];
  let awaited: { mark: string; times: number[]; all: PromiseWithResolvers<number[]> } | undefined;

  function arrived(): void {
    if (!awaited) return;
    awaited.times.push(performance.now());
    if (awaited.times.length === readers) awaited.all.resolve(awaited.times);
  }

  function open(): Promise<void> {
    const opened = Promise.withResolvers<void>();
    const socket = connect({ host: hostname, port: Number(port), noDelay: true });
    sockets.push(socket);
    let rest = '';
    let hasBegun = false;
    socket.setEncoding('latin1').on('data', (part: string) => {
      const come = rest + part;
      const end = come.lastIndexOf('\n\n');
      rest = come.slice(end < 0 ? 0 : end + 2);
      if (!hasBegun && !come.startsWith('HTTP/1.1 200 ')) opened.reject(new Error(`${url}: ${come.split('\r\n', 1)}`));
      if (end < 0) return;
      hasBegun = true;
      opened.resolve();
      if (awaited && come.lastIndexOf(awaited.mark, end) >= 0) arrived();
    });
    socket.on('error', opened.reject);
    socket.write(request);
    return opened.promise;
  }

  for (let left = readers; left > 0; left -= AT_ONCE) {
    await callWithDeadline('Opening streams', Promise.all(Array.from({ length: Math.min(left, AT_ONCE) }, open)));
  }
  return {
    arrivals(id) {
      awaited = { mark: `"id":"${id}"`, times: [], all: Promise.withResolvers() };
      return callWithDeadline(`The arrival of ${id}`, awaited.all.promise);
    },
    close() {
      for (const socket of sockets) socket.destroy();
    },
  };
}
