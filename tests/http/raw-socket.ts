import { connect, type Socket } from 'node:net';
import type { Shop } from '../shop.ts';

/** What became of a connection that was spoken on by hand. */
export interface Conversation {
  /** All that came, as it came. */
  text: string;
  /** The status of each answer in it. */
  statuses: number[];
  /** Whether the server has closed it. */
  closed: boolean;
}

/** Opens a connection to the API. */
export function dial(shop: Shop): Socket {
  const { hostname, port } = new URL(shop.url);
  return connect({ host: hostname, port: Number(port) });
}

/**
 * Sends bytes as they are, and listens until the server closes the connection or, if it does not, for so long.
 *
 * @param patience in ms
 */
export function say(shop: Shop, bytes: string, patience = 3_000): Promise<Conversation> {
  const socket = dial(shop).setEncoding('utf8');
  let text = '';
  const talk = (closed: boolean): Conversation => ({
    text,
    statuses: [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status)),
    closed,
  });
  return new Promise((resolve) => {
    const hangUp = setTimeout(() => {
      resolve(talk(false));
      socket.destroy();
    }, patience);
    socket.on('data', (part) => {
      text += part;
    });
    // A connection that is reset is closed, too.
    socket.on('error', () => undefined);
    socket.on('close', () => {
      clearTimeout(hangUp);
      resolve(talk(true));
    });
    socket.on('connect', () => socket.write(bytes, 'latin1'));
  });
}

/** The document in the last answer of a conversation. */
export const lastDocument = ({ text }: Conversation): Record<string, unknown> =>
  JSON.parse(text.slice(text.lastIndexOf('\r\n\r\n') + 4));
