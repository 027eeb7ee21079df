import type { Invitation } from '../../db/account-requests.ts';
import type { Reader, User } from '../../db/users.ts';
import { type EmailKind, emailKinds } from '../../domain/order/email-kinds.ts';

/** A user as managers and the user see it. */
export const toUserResource = ({ id, email, name, role, language, createdAt, verifiedAt }: User) => ({
  id,
  email,
  name,
  role,
  language,
  createdAt: createdAt.toISOString(),
  verifiedAt: verifiedAt.toISOString(),
});

/** An invitation as managers see it. */
export const toInvitationResource = ({ createdAt, expiresAt, mailedAt, ...invitation }: Invitation) => ({
  ...invitation,
  createdAt: createdAt.toISOString(),
  expiresAt: expiresAt.toISOString(),
  mailedAt: mailedAt?.toISOString() ?? null,
});

export const toEmailPreferences = ({ unwanted, returned }: Pick<Reader, 'unwanted' | 'returned'>) => ({
  placed: true,
  ...(Object.fromEntries(emailKinds.map((kind) => [kind, !unwanted.includes(kind)])) as Record<EmailKind, boolean>),
  stopped: returned,
});
