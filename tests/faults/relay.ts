import { connect, createServer, type Socket } from 'node:net';
import { leasePorts } from '../../stack/ports.ts';

/** An address that leads new connections to one server or another, as a name does in a failover; open ones stay as they are. */
export interface Relay {
  port: number;
  /** Leads to this port from now on. */
  leadTo(port: number): void;
  /** Drops from now on what comes in over open connections, as a network without its server does: they stay open. */
  fallSilent(): void;
  /** Closes all open connections. */
  end(): void;
  close(): Promise<void>;
}

export async function startRelay(target: number): Promise<Relay> {
  const [port] = (await leasePorts(1)) as [number];
  const sockets = new Set<Socket>();
  let current = target;
  const server = createServer((client) => {
    const upstream = connect(current, '127.0.0.1');
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => other.destroy());
      socket.on('close', () => sockets.delete(socket));
      socket.pipe(other);
    }
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const end = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port,
    leadTo(port) {
      current = port;
    },
    fallSilent() {
      for (const socket of sockets) socket.unpipe().resume();
    },
    end,
    close() {
      end();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
