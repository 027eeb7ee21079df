import { hash } from 'node:crypto';

/** Hashes a secret for storage. SHA-256 is enough, because the secrets are 256 random bits; argon2id would slow down every check. */
export const hashSecret = (secret: string): string => hash('sha256', secret, 'base64url');
