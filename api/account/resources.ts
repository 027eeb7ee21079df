import type { Account } from '../../db/users.ts';

/** A person as managers and they themselves see them. */
export const toUserResource = ({ id, email, name, role, createdAt, verifiedAt }: Account) => ({
  id,
  email,
  name,
  role,
  createdAt: createdAt.toISOString(),
  verifiedAt: verifiedAt.toISOString(),
});
