import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** An address that leads to a server on this machine, until the network fails in one of several ways. */
export interface Relay {
  port: number;
  /** `127.0.0.1:<port>` */
  address: string;
  /** Leads new connections to this port from now on, as a name does in a failover; open ones stay as they are. */
  leadTo(port: number): void;
  /** Drops from now on what comes in over open connections, as a network without its server does: they stay open. */
  fallSilent(): void;
  /** Closes all open connections. */
  end(): void;
  /** Closes all connections, new ones at once, until {@link mend}. */
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
      // Then it closes.
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
