import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A TCP proxy to a server, which can simulate failures of the network. */
export interface Relay {
  port: number;
  /** `127.0.0.1:<port>` */
  address: string;
  /** Connects new clients to this port, as a DNS name does after a failover. Open connections stay. */
  leadTo(port: number): void;
  /** Drops all data of the open connections, which stay open, as after the loss of a server. */
  fallSilent(): void;
  /** Closes all open connections. */
  end(): void;
  /** Closes all connections, and rejects new ones until {@link mend}. */
  cut(): void;
  mend(): void;
  close(): Promise<void>;
}

/** @param target a port of 127.0.0.1, or `host:port` */
export async function startRelay(target: number | string): Promise<Relay> {
  const [host, port] = typeof target === 'number' ? ['127.0.0.1', target] : (target.split(':') as [string, string]);
  const sockets = new Set<Socket>();
  const silent = new WeakSet<Socket>();
  let current = Number(port);
  let isCut = false;
  const server = createServer((client) => {
    if (isCut) return client.on('error', () => {}).destroy();
    const upstream = connect(current, host);
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(socket);
      // The connection is cleaned up by the close event, which follows an error.
      socket.on('error', () => {});
      socket.on('close', () => {
        sockets.delete(socket);
        if (!silent.has(socket)) other.destroy();
      });
      socket.pipe(other);
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const own = (server.address() as AddressInfo).port;
  const end = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port: own,
    address: `127.0.0.1:${own}`,
    leadTo(port) {
      current = port;
    },
    fallSilent() {
      for (const socket of sockets) silent.add(socket.unpipe().resume());
    },
    end,
    cut() {
      isCut = true;
      end();
    },
    mend() {
      isCut = false;
    },
    close() {
      end();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
