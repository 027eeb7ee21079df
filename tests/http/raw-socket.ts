import { connect, type Socket } from 'node:net';
import type { Shop } from '../shop.ts';

/** The result of a raw exchange. */
export interface RawExchange {
  /** Everything received. */
  text: string;
  /** The status of each response. */
  statuses: number[];
  /** Whether the server has closed the connection. */
  closed: boolean;
}

/** Opens a connection to the API. */
export function openSocket(shop: Shop): Socket {
  const { hostname, port } = new URL(shop.url);
  return connect({ host: hostname, port: Number(port) });
}

/**
 * Sends raw bytes, and receives until the server closes the connection or the timeout passes.
 *
 * @param timeout the timeout, in ms
 */
export function sendRaw(shop: Shop, bytes: string, timeout = 20_000): Promise<RawExchange> {
  const socket = openSocket(shop).setEncoding('utf8');
  let text = '';
  const result = (closed: boolean): RawExchange => ({
    text,
    statuses: [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status)),
    closed,
  });
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      resolve(result(false));
      socket.destroy();
    }, timeout);
    socket.on('data', (part) => {
      text += part;
    });
    // A reset connection is also closed.
    socket.on('error', () => undefined);
    socket.on('close', () => {
      clearTimeout(timer);
      resolve(result(true));
    });
    socket.on('connect', () => socket.write(bytes, 'latin1'));
  });
}

/** Returns the JSON document of the last response. */
export const lastDocument = ({ text }: RawExchange): Record<string, unknown> =>
  JSON.parse(text.slice(text.lastIndexOf('\r\n\r\n') + 4));
