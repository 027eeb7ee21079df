import { createServer } from 'node:http';

// Counts POST requests. GET returns the count.
const instance = process.env.INSTANCE_ID;
let count = 0;
createServer((request, response) => {
  request.resume().once('end', () => {
    if (request.method === 'POST') count += 1;
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ count, instance }));
  });
}).listen(Number(process.env.PORT), '127.0.0.1');
