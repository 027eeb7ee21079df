import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';
import { waitFor } from '../../stack/wait.ts';

/** A request as it came. */
export interface Received {
  headers: Record<string, string>;
  /** Verbatim. */
  body: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into events of every shape
  event: any;
}

/** How a receiver answers: a status, or by itself. */
export type Behaviour = number | ((response: ServerResponse, request: IncomingMessage) => void);

/** Takes the time of a worker that shares the machine with other tests, in ms. */
const PATIENCE = { deadline: 25_000 };

/** An endpoint on 127.0.0.1. What it answers can be changed at any time. */
export async function startReceiver(behaviour: Behaviour = 204, port = 0) {
  const received: Received[] = [];
  const receiver = {
    behaviour,
    received,
    port: 0,
    url: '',
    /** Waits until there are so many, and returns all. */
    async hears(count: number, matching: (one: Received) => boolean = () => true): Promise<Received[]> {
      const heard = () => received.filter(matching);
      await waitFor(`Request ${count} (of ${received.length})`, () => heard().length >= count, PATIENCE);
      return heard();
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks).toString();
    received.push({ headers: request.headers as Record<string, string>, body, event: JSON.parse(body) });
    if (typeof receiver.behaviour === 'number') response.writeHead(receiver.behaviour).end();
    else receiver.behaviour(response, request);
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  receiver.port = (server.address() as AddressInfo).port;
  receiver.url = `http://127.0.0.1:${receiver.port}/hooks`;
  return receiver;
}

export type Receiver = Awaited<ReturnType<typeof startReceiver>>;

/** Verifies as a receiver would. @throws when the signature is not by this secret */
export const verified = ({ body, headers }: Received, secret: string): unknown =>
  new Webhook(secret).verify(body, headers);
