import { type ClientRequest, request } from 'node:http';
import { inTime } from './measure/in-time.ts';

/** Some who follow the same stream. */
export interface StreamReaders {
  /** When each of them had an event, on the clock of `performance`; to be asked before it happens. @param id of the event */
  arrivals(id: string): Promise<number[]>;
  close(): void;
}

/** How many connect at once. */
const AT_ONCE = 50;

/** Opens so many streams, each with a connection of its own, and resolves when all have their snapshot. */
export async function openStreams(
  url: string,
  { as, readers }: { as: string; readers: number },
): Promise<StreamReaders> {
  const requests: ClientRequest[] = [];
  let awaited: { mark: string; times: number[]; all: PromiseWithResolvers<number[]> } | undefined;

  function arrived(): void {
    if (!awaited) return;
    awaited.times.push(performance.now());
    if (awaited.times.length === readers) awaited.all.resolve(awaited.times);
  }

  function open(): Promise<void> {
    const opened = Promise.withResolvers<void>();
    const outgoing = request(url, { headers: { authorization: `Bearer ${as}` }, agent: false }, (incoming) => {
      if (incoming.statusCode !== 200)
        return opened.reject(new Error(`${url} was answered with ${incoming.statusCode}.`));
      // What has come of the event that is not whole yet.
      let rest = '';
      incoming.setEncoding('latin1').on('data', (part: string) => {
        const come = rest + part;
        const end = come.lastIndexOf('\n\n');
        rest = come.slice(end < 0 ? 0 : end + 2);
        if (end < 0) return;
        opened.resolve();
        if (awaited && come.lastIndexOf(awaited.mark, end) >= 0) arrived();
      });
      incoming.on('error', () => {});
    });
    outgoing.on('error', opened.reject);
    outgoing.end();
    requests.push(outgoing);
    return opened.promise;
  }

  for (let left = readers; left > 0; left -= AT_ONCE) {
    await inTime('Opening streams', Promise.all(Array.from({ length: Math.min(left, AT_ONCE) }, open)));
  }
  return {
    arrivals(id) {
      awaited = { mark: `"id":"${id}"`, times: [], all: Promise.withResolvers() };
      return inTime(`The arrival of ${id}`, awaited.all.promise);
    },
    close: () => requests.forEach((each) => void each.destroy()),
  };
}
