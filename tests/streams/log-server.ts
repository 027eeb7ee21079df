import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createMenu } from '../../api/catalog/menu.ts';
import type { RouteResponse } from '../../api/http/route.ts';
import { createHub } from '../../api/streams/hub.ts';
import { fromPosition } from '../../api/streams/position.ts';
import { createStreams, type StreamRequest } from '../../api/streams/streams.ts';
import { createCatalogView } from '../../db/catalog-view.ts';
import { connect } from '../../db/connection.ts';
import { createEventLog, type EventLog } from '../../db/event-log.ts';
import { createJournal } from '../../db/journal.ts';
import type { Actor } from '../../domain/actor.ts';
import type { Order } from '../../domain/order/order.ts';
import { copyDatabase, patient } from '../databases.ts';
import { actors } from '../domain/status-table.ts';

interface LogServerOptions {
  /** Wraps the log that the streams read. */
  between?: (log: EventLog) => EventLog;
  heartbeat?: number;
  max?: number;
  everyMs?: number;
}

const PUBLIC_URL = 'https://shop.example';

/** Serves streams of a separate log, without the rest of the API. `asks` decides what each request opens. */
export async function openLogServer({
  between = (log) => log,
  heartbeat = 15,
  max = 1_000,
  everyMs = 50,
}: LogServerOptions = {}) {
  const database = connect(await copyDatabase(), { max: 6, ...patient });
  const log = between(createEventLog(database));
  const journal = createJournal(database);
  const said: string[] = [];
  const say = (_: unknown, message: string) => said.push(message);
  const logger = { info: say, warn: say } as never;
  const hub = createHub({ log, logger, publicUrl: PUBLIC_URL, everyMs });
  const menu = createMenu(createCatalogView(database));
  const streams = createStreams({ log, hub, menu, logger, publicUrl: PUBLIC_URL, heartbeat, max, maxPerUser: 1_000 });
  const asks: Pick<StreamRequest, 'stillMay'> & { actor: Actor; expiresAt: number; order?: Order } = {
    actor: actors.manager,
    expiresAt: Number.POSITIVE_INFINITY,
    stillMay: async () => true,
  };

  const server = createServer(async (request, response) => {
    const { actor, expiresAt, order, stillMay } = asks;
    const caller = { type: actor.type, id: actor.id, actor } as StreamRequest['caller'];
    const token = { sub: actor.id, expiresAt } as StreamRequest['token'];
    const after = fromPosition(String(request.headers['last-event-id']));
    const asked = { ...(order && { order }), after, caller, token, stillMay };
    const answer = await streams.answer(asked).catch((): RouteResponse => ({ status: 503 }));
    response.writeHead(answer.status, answer.headers);
    if (answer.stream) answer.stream(response);
    else response.end();
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    database,
    log,
    journal,
    hub,
    streams,
    asks,
    /** The log messages. */
    said,
    async close() {
      streams.stop();
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
      await database.destroy();
    },
  };
}

export type LogServer = Awaited<ReturnType<typeof openLogServer>>;
