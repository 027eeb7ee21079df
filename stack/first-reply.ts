import { connect } from 'node:net';

/**
 * Connects to a port of 127.0.0.1 and returns the first data that the server sends.
 *
 * @param request a text to send first
 * @throws an error if the server sends no data within two seconds
 */
export async function firstReply(port: number, request = ''): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1' });
  socket.setTimeout(2_000, () => socket.destroy(new Error('no reply within 2 s')));
  socket.write(request);
  for await (const data of socket) return String(data);
  throw new Error('the connection was closed without a reply');
}
