import { readFileSync } from 'node:fs';
import type { Service } from '../../stack/service.ts';
import { waitFor } from '../../stack/wait.ts';

/** What a process must be started with, so that its memory can be looked at. */
export const WITH_INSPECTOR = { NODE_OPTIONS: `${process.env.NODE_OPTIONS ?? ''} --inspect=127.0.0.1:0` };

/** Collects a process's garbage and says how many bytes its heap has then. */
export async function heapOf({ log }: Service): Promise<number> {
  // The first one is of the process that guards it.
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
