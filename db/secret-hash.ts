import { hash } from 'node:crypto';

/** Hashes a secret for storage. SHA-256 is enough for 256 random bits; argon2id would slow down every sign-in. */
export const hashSecret = (secret: string): string => hash('sha256', secret, 'base64url');
