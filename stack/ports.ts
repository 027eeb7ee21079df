import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { StackError } from './stack-error.ts';

/** The first port for leases. All are below the ports that Linux (from 32768) and macOS (from 49152) assign to other sockets. */
const FIRST_PORT = 20_000;
const PORT_COUNT = 12_000;

/** The sockets that hold this process's leases, by port. */
const leases = new Map<number, Socket>();

/**
 * Leases free TCP ports of 127.0.0.1, all different, for as long as this process runs.
 *
 * Without a lease, another process could use a free port before its service starts, or while the service restarts. No
 * other process can lease a leased port, and the operating system does not assign it. The lease is a UDP socket on the
 * same port number. Only one process can bind it, and the kernel closes it when the process ends, also after `kill -9`.
 *
 * @throws {StackError} if fewer than `count` ports are free
 */
export async function leasePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  const start = Math.floor(Math.random() * PORT_COUNT);
  for (let offset = 0; ports.length < count && offset < PORT_COUNT; offset += 1) {
    const port = FIRST_PORT + ((start + offset) % PORT_COUNT);
    if (await leasePort(port)) ports.push(port);
  }
  if (ports.length < count) {
    throw new StackError(`Fewer than ${count} ports of 127.0.0.1 are free: stop other programs.`);
  }
  return ports;
}

async function leasePort(port: number): Promise<boolean> {
  if (leases.has(port)) return false;
  const socket = createSocket('udp4');
  const bound = await new Promise<boolean>((resolve) => {
    socket.once('error', () => resolve(false));
    // Exclusive: the workers of a cluster would otherwise share the port.
    socket.bind({ port, address: '127.0.0.1', exclusive: true }, () => resolve(true));
  });
  if (!bound || (await portIsBusy(port))) {
    socket.close();
    return false;
  }
  leases.set(port, socket.unref());
  return true;
}

/** Returns whether a program listens on this port of the loopback interface. */
export async function portIsBusy(port: number): Promise<boolean> {
  // Connects first, because on macOS, listening on 127.0.0.1:5000 succeeds although AirPlay listens on *:5000.
  return (await answers(port, '127.0.0.1')) || (await answers(port, '::1')) || !(await canListen(port));
}

async function answers(port: number, host: string): Promise<boolean> {
  const socket = connect({ port, host });
  try {
    await once(socket, 'connect', { signal: AbortSignal.timeout(500) });
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

function canListen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
