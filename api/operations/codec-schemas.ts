import { z } from 'zod';

// Temporal's protocol, not ours: its messages may grow, so nothing in them is refused for being unknown.
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

/** The Temporal Web UI says with a parameter what it would like of big payloads, which we have none of. */
export const codecQuery = z.looseObject({});
