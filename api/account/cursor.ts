/** Where a page of people ended: the address of its last one. Opaque to clients. */
export const toCursor = (email: string): string => Buffer.from(JSON.stringify([email])).toString('base64url');

/** `undefined` for anything that {@link toCursor} did not make. */
export function fromCursor(cursor: string): string | undefined {
  try {
    const [email, ...others] = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    return typeof email === 'string' && others.length === 0 && !email.includes('\0') ? email : undefined;
  } catch {
    return undefined;
  }
}
