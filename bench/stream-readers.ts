import { connect, type Socket } from 'node:net';
import { callWithDeadline } from './measure/call-with-deadline.ts';

/** Some who follow the same stream. */
export interface StreamReaders {
  /** When each of them had an event, on the clock of `performance`; to be asked before it happens. @param id of the event */
  arrivals(id: string): Promise<number[]>;
  close(): void;
}

/** How many connect at once. */
const AT_ONCE = 50;

/**
 * Opens so many streams, each with a connection of its own, and resolves when all have their snapshot. A thousand of Node's
 * own clients would take longer to read an event than the API takes to send it, so these only look for its id and its end.
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
