import type { Invitation } from '../../db/account-requests.ts';
import type { Account, Reader } from '../../db/users.ts';
import { type EmailKind, emailKinds } from '../../domain/order/email-kinds.ts';
import type { ReturnedAs } from '../../domain/order/suppression-reason.ts';

/** A person as managers and they themselves see them. */
export const toUserResource = ({ id, email, name, role, language, createdAt, verifiedAt }: Account) => ({
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

/** What somebody wants to be written. @param stopped why their address gets no mail at all, if it gets none */
export const toEmailPreferences = ({ unwanted }: Pick<Reader, 'unwanted'>, stopped: ReturnedAs | undefined) => ({
  placed: true,
  ...(Object.fromEntries(emailKinds.map((kind) => [kind, !unwanted.includes(kind)])) as Record<EmailKind, boolean>),
  stopped: stopped ?? null,
});
