import { once } from 'node:events';
import { connect } from 'node:net';

/** All commands that a Redis receives. */
export interface RedisMonitor {
  text(): string;
  close(): void;
}

/**
 * Receives all commands of the clients of a Redis. Uses a socket of its own, because ioredis' `monitor()` fails if a command
 * of another client arrives together with the response to `MONITOR`.
 *
 * @param url of a Redis without a password
 */
export async function monitorRedis(url: string): Promise<RedisMonitor> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port) }).setEncoding('utf8');
  let text = '';
  socket.on('data', (part) => {
    text += part;
  });
  socket.write('MONITOR\r\n');
  await once(socket, 'data', { signal: AbortSignal.timeout(10_000) });
  if (!text.startsWith('+OK')) throw new Error(`Redis cannot be monitored: ${text}`);
  return { text: () => unescaped(text), close: () => socket.destroy() };
}

/** Reverts the escapes of `MONITOR`: quotation marks, and each byte that is not ASCII as `\xc3`. */
const unescaped = (text: string): string =>
  Buffer.from(
    text.replaceAll(/\\(?:x([\da-f]{2})|(.))/g, (_, hex?: string, character?: string) =>
      hex ? String.fromCharCode(Number.parseInt(hex, 16)) : (character ?? ''),
    ),
    'latin1',
  ).toString();
