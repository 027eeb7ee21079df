import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';
import { waitFor } from '../../stack/wait.ts';

/** A request with its parsed body. */
export interface Received {
  headers: Record<string, string>;
  /** The unparsed body. */
  body: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests read events of every type
  event: any;
}

/** How a receiver answers: with a status, or by a function. */
export type Behaviour = number | ((response: ServerResponse, request: IncomingMessage) => void);

/** The timeout for requests, in ms. It is long enough for a worker that shares the machine with other tests. */
const TIMEOUT = { deadline: 25_000 };

/** Starts an endpoint on 127.0.0.1. Its behaviour can be changed at any time. */
export async function startReceiver(behaviour: Behaviour = 204, port = 0) {
  const received: Received[] = [];
  const receiver = {
    behaviour,
    received,
    port: 0,
    url: '',
    /** Waits for this number of matching requests and returns all of them. */
    async waitForRequests(count: number, matching: (one: Received) => boolean = () => true): Promise<Received[]> {
      const matched = () => received.filter(matching);
      await waitFor(`Request ${count} (of ${received.length})`, () => matched().length >= count, TIMEOUT);
      return matched();
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

/** Starts receivers that are closed together. */
export function createReceivers() {
  const receivers: Receiver[] = [];
  return {
    receivers,
    async listen(behaviour?: Behaviour, port?: number): Promise<Receiver> {
      const receiver = await startReceiver(behaviour, port);
      receivers.push(receiver);
      return receiver;
    },
    async closeAll(): Promise<void> {
      await Promise.all(receivers.splice(0).map((receiver) => receiver.close()));
    },
  };
}

/** Verifies a request as receivers do. @throws if the signature was not made with this secret */
export const verified = ({ body, headers }: Received, secret: string): unknown =>
  new Webhook(secret).verify(body, headers);
