import { z } from 'zod';
import { customerId } from './examples.ts';
import { id } from './values.ts';

export const me = z
  .object({
    id,
    email: z.string(),
    name: z.string(),
    role: z.enum(['customer', 'manager']),
    scopes: z.array(z.string()).meta({ description: 'What this token may do: what the role may, or less' }),
  })
  .meta({
    id: 'Me',
    examples: [
      {
        id: customerId,
        email: 'customer@example.com',
        name: 'Carlos Customer',
        role: 'customer',
        scopes: ['orders:read', 'orders:write'],
      },
    ],
  });
