import { z } from 'zod';
import { id } from './values.ts';

export const me = z
  .object({
    id,
    email: z.string().meta({ example: 'customer@example.com' }),
    name: z.string(),
    role: z.enum(['customer', 'manager']),
    scopes: z.array(z.string()),
  })
  .meta({ id: 'Me' });
