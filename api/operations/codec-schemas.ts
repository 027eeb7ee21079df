import { z } from 'zod';

// Temporal may add fields to its messages, so unknown fields are accepted.
const payload = z
  .looseObject({
    metadata: z
      .record(z.string(), z.base64())
      .optional()
      .meta({ description: 'Values in base64. `encoding` names the format of the data' }),
    data: z.base64().optional().meta({ description: 'In base64' }),
  })
  .meta({ id: 'Payload' });

/** `temporal.api.common.v1.Payloads` as JSON. */
export const payloads = z.looseObject({ payloads: z.array(payload).max(1_000) }).meta({
  id: 'PayloadList',
  examples: [{ payloads: [{ metadata: { encoding: 'anNvbi9wbGFpbg==' }, data: 'eyJzdGF0dXMiOiJyZWFkeSJ9' }] }],
});

/** Accepts any parameter, because the Temporal Web UI sends one about large payloads. */
export const codecQuery = z.looseObject({});
