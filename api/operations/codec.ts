import type { Payload, PayloadCodec } from '@temporalio/common';
import { UndecryptablePayload } from '../../workflows/payloads/codec.ts';
import { invalidRequest } from '../http/problem.ts';
import { type Route, route } from '../http/route.ts';
import { codecQuery, payloads as payloadsSchema } from './codec-schemas.ts';

/** Limit of a request body, in bytes. Temporal allows 2 MB per payload, and base64 adds a third. */
const BODY_LIMIT = 4_000_000;

interface Wire {
  payloads: { metadata?: Record<string, string> | undefined; data?: string | undefined }[];
}

const texts = {
  decode: { summary: 'Decrypt payloads of Temporal', done: 'The decrypted payloads' },
  encode: { summary: 'Encrypt payloads for Temporal', done: 'The encrypted payloads' },
};

/** The codec server of Temporal's Web UI and CLI, which decrypts payloads for managers. */
export function codecRoutes({ codec }: { codec: PayloadCodec }): Route[] {
  return (['decode', 'encode'] as const).map((direction) =>
    route({
      method: 'post',
      path: `/codec/${direction}`,
      operationId: `${direction}Payloads`,
      tag: 'Operations',
      summary: texts[direction].summary,
      description: 'For the Temporal Web UI and CLI. Their codec endpoint is `/codec`.',
      access: { to: ['manager'], scope: 'events:read' },
      query: codecQuery,
      body: payloadsSchema,
      bodyLimit: BODY_LIMIT,
      responses: { 200: { description: texts[direction].done, body: payloadsSchema } },
      handle: async ({ body }) => {
        const converted = body.payloads.map(async (payload, index) => {
          const [result] = await codec[direction]([fromWire(payload)]).catch((error: unknown) => {
            if (!(error instanceof UndecryptablePayload)) throw error;
            throw invalidRequest([{ pointer: `#/payloads/${index}`, detail: error.message }]);
          });
          return toWire(result as Payload);
        });
        return { status: 200, body: { payloads: await Promise.all(converted) } };
      },
    }),
  );
}

// Protobuf's JSON format encodes bytes in base64.
const fromWire = ({ metadata = {}, data = '' }: Wire['payloads'][number]): Payload => ({
  metadata: Object.fromEntries(Object.entries(metadata).map(([name, value]) => [name, Buffer.from(value, 'base64')])),
  data: Buffer.from(data, 'base64'),
});

const toWire = ({ metadata, data }: Payload): Wire['payloads'][number] => ({
  metadata: Object.fromEntries(Object.entries(metadata ?? {}).map(([name, value]) => [name, inBase64(value)])),
  data: inBase64(data ?? new Uint8Array()),
});

const inBase64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
