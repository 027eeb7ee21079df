import { z } from 'zod';
import { fromCursor, toCursor } from '../http/cursor.ts';

/** People are sorted by address; Postgres takes no NUL. */
const place = z.tuple([z.string().refine((email) => !email.includes('\0'))]);

export const toUserCursor = (email: string): string => toCursor([email]);

export const fromUserCursor = (cursor: string): string | undefined => fromCursor(place, cursor)?.[0];
