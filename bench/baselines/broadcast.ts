import { createServer, type ServerResponse } from 'node:http';

// The baseline of event streams: sends every POSTed body unchanged to all open GET requests.
const readers = new Set<ServerResponse>();
createServer((request, response): unknown => {
  if (request.url === '/health/ready') return response.end(JSON.stringify({ instance: process.env.INSTANCE_ID }));
  if (request.method === 'GET') {
    readers.add(response.writeHead(200, { 'content-type': 'text/event-stream' }));
    response.write(':\n\n');
    return response.once('close', () => readers.delete(response));
  }
  const parts: Buffer[] = [];
  return request
    .on('data', (part: Buffer) => parts.push(part))
    .once('end', () => {
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
      const frame = Buffer.concat(parts);
      for (const reader of readers) reader.write(frame);
    });
}).listen(Number(process.env.PORT), '127.0.0.1');
