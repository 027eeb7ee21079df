import { readFileSync } from 'node:fs';
import type { Service } from '../../stack/service.ts';
import { waitFor } from '../../stack/wait.ts';

/** The environment of a process whose memory can be inspected. */
export const WITH_INSPECTOR = { NODE_OPTIONS: `${process.env.NODE_OPTIONS ?? ''} --inspect=127.0.0.1:0` };

/** Runs a process's garbage collection and returns the size of its heap, in bytes. */
export async function heapOf({ log }: Service): Promise<number> {
  // Use the last address, because the first belongs to the supervising process.
  const address = () => [...readFileSync(log, 'utf8').matchAll(/Debugger listening on (ws:\S+)/g)].at(-1)?.[1];
  await waitFor('The inspector', () => address() !== undefined, { deadline: 10_000 });
  const socket = new WebSocket(address()!);
  await new Promise((opened, failed) => {
    socket.addEventListener('open', opened, { once: true });
    socket.addEventListener('error', failed, { once: true });
  });
  const ask = (id: number, method: string) =>
    new Promise<{ usedSize: number }>((answered) => {
      const listen = ({ data }: MessageEvent) => {
        const message = JSON.parse(String(data));
        if (message.id !== id) return;
        socket.removeEventListener('message', listen);
        answered(message.result);
      };
      socket.addEventListener('message', listen);
      socket.send(JSON.stringify({ id, method }));
    });
  await ask(1, 'HeapProfiler.collectGarbage');
  const { usedSize } = await ask(2, 'Runtime.getHeapUsage');
  socket.close();
  return usedSize;
}
