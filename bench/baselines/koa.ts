import { readFileSync } from 'node:fs';
import Router from '@koa/router';
import Koa from 'koa';
import { connect } from '../../db/connection.ts';
import { createOrderRepository } from '../../db/orders.ts';

// The baseline of reads over HTTP: only Koa and its router. Sends the catalog's bytes from memory, and orders with Crema's query.

const { PORT, DATABASE_URL = '', CATALOG = '', INSTANCE_ID } = process.env;
const database = connect(DATABASE_URL, { name: 'crema-bench-koa' });
const orders = createOrderRepository(database);
const catalog = readFileSync(CATALOG);

const router = new Router();
router.get('/v1/catalog', (ctx) => {
  ctx.type = 'application/json; charset=utf-8';
  ctx.body = catalog;
});
router.get('/v1/orders', async (ctx) => {
  ctx.body = { data: await orders.list({ sort: '-placedAt', limit: Number(ctx.query.limit) }) };
});
router.get('/v1/orders/:id', async (ctx) => {
  ctx.body = await orders.find(String(ctx.params.id));
});
router.get('/health/ready', (ctx) => {
  ctx.body = { instance: INSTANCE_ID };
});

const server = new Koa().use(router.routes()).listen(Number(PORT), '127.0.0.1');
process.once('SIGTERM', () => {
  server.close();
  server.closeAllConnections();
  void database.destroy();
});
