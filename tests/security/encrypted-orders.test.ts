import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { extraShotId } from '../../api/docs/examples.ts';
import { findTemporal } from '../../stack/temporal/binary.ts';
import { waitFor } from '../../stack/wait.ts';
import { createWorkflowRecords } from '../../worker/workflow-records.ts';
import { copyDatabase } from '../databases.ts';
import { smtpError } from '../email/mail-servers.ts';
import { expectIntact, replayAll } from '../faults/aftermath.ts';
import { expectProblem } from '../http/problem.ts';
import { openShop, type Shop } from '../shop.ts';
import { bundleForKeys, newSetting } from './payload-keys.ts';
import { temporalRecords, textsIn } from './temporal-records.ts';

const run = promisify(execFile);

/**
 * Texts from people and from failures, which Temporal must not store in plain text. They are long enough not to occur in
 * ciphertext by chance.
 */
const plaintext = /Latte|Vanilla|Donuts|Extra shot|oven-fresh please|hot as can be|no oat milk|fiddlesticks/;

let bundle: string;
beforeAll(async () => {
  bundle = await bundleForKeys();
}, 60_000);
afterAll(() => rmSync(dirname(bundle), { recursive: true }));

describe('An order with encrypted payloads', () => {
  const UI = 'https://temporal.example:8443';
  let shop: Shop;
  let id: string;
  beforeAll(async () => {
    let refused = 0;
    shop = await openShop({
      environment: {
        PAYLOAD_KEYS: newSetting('first'),
        WORKFLOW_BUNDLE: bundle,
        TEMPORAL_UI_ORIGIN: UI,
      },
      smtp: {
        // Also fails the activity that retries, so that the history contains its failure.
        onRcptTo: (_address, _session, done) => done(refused++ < 3 ? smtpError(451, 'fiddlesticks') : null),
      },
    });
    const options = [{ optionId: extraShotId, quantity: 2 }];
    const lines = [
      { ...(await shop.line('Latte', 'Vanilla', 2)), options },
      { ...(await shop.line('Donuts', 'Jelly')), note: 'oven-fresh please' },
    ];
    const { body } = await shop.place({ body: { lines, note: 'as hot as can be' } });
    id = body.id;
  }, 60_000);
  afterAll(() => shop?.close(), 60_000);

  test('works as usual, and Temporal stores no plain text', async () => {
    await shop.move(id, 'preparation');
    // A rejected update returns a failure.
    expect((await shop.move(id, 'delivered')).body.code).toBe('illegal_transition');
    // An unencrypted update, as the CLI sends it, is rejected.
    await run(await temporal(), [
      ...['workflow', 'signal', '--address', process.env.TEMPORAL_ADDRESS as string],
      ...[
        '--workflow-id',
        shop.workflow(id).workflowId,
        '--name',
        'changeStatus',
        '--input',
        '{"status": "delivered"}',
      ],
    ]);
    const open = await temporalRecords(shop);
    const cancelled = { as: shop.manager, body: { reasonCode: 'out_of_stock', reason: 'no oat milk' } };
    expect((await shop.requestUntilKnown('POST', `/v1/orders/${id}/cancel`, cancelled)).status).toBe(200);

    expect(await expectIntact(shop, id)).toMatchObject({ status: 'cancelled', version: 3 });
    expect(await shop.timeline(id)).toContainEqual(
      expect.objectContaining({ kind: 'rejected', reason: 'illegal_transition' }),
    );
    const closed = await temporalRecords(shop);
    expect(closed).toContain('encryption-key-id first');
    expect(closed).toContain('Encoded failure');
    for (const records of [open, closed]) expect(records).not.toMatch(plaintext);
    // Only the search attributes are in plain text.
    expect(closed).toContain('"cancelled"');
  });

  test('has summaries and details that can be decrypted', async () => {
    const description = await shop.workflow(id).describe();

    expect(await description.staticSummary()).toMatch(
      /^#\d+ · 2 × Latte \(Vanilla, 2 × Extra shot\), 1 × Donuts \(Jelly\) · \$14\.90$/,
    );
    const details = await description.staticDetails();
    for (const text of ['hot as can be', '“oven-fresh please”', '2 × Extra shot']) expect(details).toContain(text);
  });

  test('replays with the current code', async () => {
    expect(await replayAll(shop)).toBe(1);
  }, 60_000);

  test('is restored by the reconciler if its row is lost', async () => {
    const before = await shop.readOrder(id, shop.manager);
    await shop.database('order_events').where({ order_id: id }).delete();
    await shop.database('orders').where({ id }).delete();

    expect((await shop.readOrder(id, shop.manager)).body).toEqual(before.body);
    const record = await createWorkflowRecords(shop.temporal, shop.taskQueue).find(id, () => {});
    const facts = record!.entries.filter((entry) => entry.kind === 'fact');
    expect(facts.map(({ event }) => event.to)).toEqual(['waiting', 'preparation', 'cancelled']);
    expect(facts.at(-1)?.order).toMatchObject({ note: 'as hot as can be', cancellation: { reason: 'no oat milk' } });
  });

  describe('in the tools of Temporal', () => {
    test('is decrypted for the CLI', async () => {
      const { stdout } = await run(await temporal(), [
        ...['workflow', 'show', '--address', process.env.TEMPORAL_ADDRESS as string],
        ...['--workflow-id', shop.workflow(id).workflowId, '--output', 'json'],
        ...['--codec-endpoint', `${shop.url}/codec`, '--codec-auth', `Bearer ${shop.manager}`],
      ]);

      const [{ data }] = JSON.parse(stdout).events.at(-1).workflowExecutionCompletedEventAttributes.result.payloads;
      expect(JSON.parse(Buffer.from(data, 'base64').toString())).toMatchObject({
        id,
        note: 'as hot as can be',
        cancellation: { reason: 'no oat milk' },
      });
    });

    test('is decrypted for the Web UI, but for no other origin', async () => {
      const { events } = await shop.workflow(id).fetchHistory();
      const [input] = events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads ?? [];
      const body = { payloads: [input].map(inJson) };
      const ask = (origin: string) =>
        shop.request('POST', '/codec/decode?preserveStorageRefs=true', {
          as: shop.manager,
          headers: { origin, 'x-namespace': 'default' },
          body,
        });
      const mayAsk = (origin: string) =>
        shop.request('OPTIONS', '/codec/decode', { headers: { origin, 'access-control-request-method': 'POST' } });

      const answer = await ask(UI);
      expect([answer.status, answer.headers.get('access-control-allow-origin')]).toEqual([200, UI]);
      const [decoded] = answer.body.payloads;
      expect(Buffer.from(decoded.metadata.encoding, 'base64').toString()).toBe('json/plain');
      expect(JSON.parse(Buffer.from(decoded.data, 'base64').toString())).toMatchObject({
        id,
        note: 'as hot as can be',
      });
      const preflight = await mayAsk(UI);
      expect(preflight.status).toBe(204);
      expect(Object.fromEntries(preflight.headers)).toMatchObject({
        'access-control-allow-origin': UI,
        'access-control-allow-methods': 'POST',
        'access-control-allow-headers': expect.stringContaining('authorization'),
      });
      for (const stranger of ['https://temporal.example', 'http://evil.example']) {
        expect((await mayAsk(stranger)).headers.has('access-control-allow-origin')).toBe(false);
        expect((await ask(stranger)).headers.has('access-control-allow-origin')).toBe(false);
      }
    });

    test('accepts payloads that the codec has encrypted', async () => {
      const plain = inJson({
        metadata: { encoding: Buffer.from('json/plain') },
        data: Buffer.from('{"status":"ready"}'),
      });
      const { body: encoded } = await shop.request('POST', '/codec/encode', {
        as: shop.manager,
        body: { payloads: [plain] },
      });
      const { body: decoded } = await shop.request('POST', '/codec/decode', { as: shop.manager, body: encoded });

      expect(textsIn(encoded)).not.toContain(plain.data);
      expect(decoded).toEqual({ payloads: [plain] });
    });

    test('is not decrypted for other callers', async () => {
      const request = { body: { payloads: [] } };
      expectProblem(await shop.request('POST', '/codec/decode', request), 'unauthenticated');
      expectProblem(await shop.request('POST', '/codec/decode', { ...request, as: shop.customer }), 'forbidden');
    });

    test('is reported if its key is missing', async () => {
      const data = Buffer.alloc(40);
      const metadata = { encoding: Buffer.from('binary/encrypted'), 'encryption-key-id': Buffer.from('lost') };
      const body = { payloads: [{}, inJson({ metadata, data })] };

      const detail = 'A payload is encrypted with the key "lost": add it to PAYLOAD_KEYS.';
      expectProblem(await shop.request('POST', '/codec/decode', { as: shop.manager, body }), 'invalid_request', {
        detail,
        errors: [{ pointer: '#/payloads/1', detail }],
      });
    });
  });
});

describe('An open order during a key rotation', () => {
  const [old, next] = [newSetting('old'), newSetting('next')];
  let databaseUrl: string;
  const open = (keys: string) =>
    openShop({
      databaseUrl,
      environment: { PAYLOAD_KEYS: keys, WORKFLOW_BUNDLE: bundle, TEMPORAL_TASK_QUEUE: taskQueue },
    });
  const taskQueue = `orders-${randomUUID()}`;
  beforeAll(async () => {
    databaseUrl = await copyDatabase();
  });

  test('continues with both keys, and waits if one is missing', async () => {
    const before = await open(old);
    const { body } = await before.place();
    await before.waitForStatus(body.id, 'waiting');
    // Work that a stopping worker has received is reassigned only after its heartbeat timeout.
    await waitFor('the first emails', async () => before.emailsAbout(body.id).length === 2, { deadline: 20_000 });
    await before.close();

    const amiss = await open(next);
    await amiss.workflow(body.id).signal('changeStatus', { status: 'preparation' });
    const complaint = 'A payload is encrypted with the key \\"old\\": add it to PAYLOAD_KEYS.';
    await waitFor('the error in the log', async () => readFileSync(amiss.worker!.log, 'utf8').includes(complaint), {
      deadline: 20_000,
    });
    await amiss.close();

    const after = await open(`${next},${old}`);
    try {
      await after.waitForStatus(body.id, 'preparation');
      for (const status of ['ready', 'delivered'] as const)
        expect((await after.move(body.id, status)).status).toBe(200);
      await after.waitForEnd(body.id);
      const records = await temporalRecords(after);
      expect(records).toContain('encryption-key-id old');
      expect(records).toContain('encryption-key-id next');
      expect(records).not.toMatch(plaintext);
      expect(await replayAll(after)).toBe(1);
    } finally {
      await after.close();
    }
  }, 90_000);
});

const temporal = () => findTemporal({ dataDir: tmpdir() });

/** Returns a payload as protobuf JSON. */
const inJson = (payload: { metadata?: Record<string, Uint8Array> | null; data?: Uint8Array | null } | undefined) => ({
  metadata: Object.fromEntries(
    Object.entries(payload?.metadata ?? {}).map(([name, value]) => [name, Buffer.from(value).toString('base64')]),
  ),
  data: Buffer.from(payload?.data ?? []).toString('base64'),
});
