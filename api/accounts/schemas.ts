import { z } from 'zod';
import { emailAddress } from '../../config/email-address.ts';
import { roles } from '../../domain/actor.ts';
import type { EmailKind } from '../../domain/order/email-kinds.ts';
import { lengthOf, MAX_NAME_LENGTH } from '../../domain/text.ts';
import { MAX_TYPED } from '../auth/password-hash.ts';
import { customerId, orderTimeline, placedOrder } from '../docs/examples.ts';
import { cursorParameter, limitParameter, nextCursor } from '../http/paging.ts';
import { acceptLanguage, changeOf, id, language, oneLine, timestamp } from '../http/schemas.ts';
import { order, timeline } from '../orders/schemas.ts';
import { PASSWORD_LENGTH, passwordFaults } from './password-rules.ts';

const email = emailAddress().meta({ examples: ['ana@example.com'] });
const name = oneLine(MAX_NAME_LENGTH).meta({
  description: 'One line with at least one visible character; stored in NFC',
  examples: ['Ana Souza'],
});
const role = z.enum(roles).meta({ id: 'Role' });

/** The current password of a user. The password rules apply to new passwords only. */
const password = z
  .string()
  .min(1)
  .max(MAX_TYPED)
  .meta({ format: 'password', examples: ['seven violins in the rain'] });

const newPassword = z
  .string()
  .refine((text) => lengthOf(text) >= PASSWORD_LENGTH.min, passwordFaults.too_short)
  .refine((text) => lengthOf(text) <= PASSWORD_LENGTH.max, passwordFaults.too_long)
  .meta({
    format: 'password',
    minLength: PASSWORD_LENGTH.min,
    maxLength: PASSWORD_LENGTH.max,
    description: 'Must not be a common password, or consist of common passwords, repetitions or your name',
    examples: ['seven violins in the rain'],
  });

const exampleToken = 'Yx1Yc0n2zq3oXg8mB1Qe9uJ6kP4sW7tA5vL0dF2hR8c';

const token = z
  .string()
  .regex(/^[\w-]{43}$/, 'must be the token of an emailed link')
  .meta({
    description: 'The token in the emailed link. Valid for one use',
    examples: [exampleToken],
  });

const theirLanguage = z
  .string()
  .nullable()
  .meta({ description: 'The language of emails to this user, ISO 639. null: the language of the shop' });

/** The fields of users and of invitations. */
const person = { id, email: z.string(), name: z.string(), role, language: theirLanguage };

const carlos = {
  id: customerId,
  email: 'customer@example.com',
  name: 'Carlos Customer',
  role: 'customer' as const,
  language: 'pt',
};

export const me = z
  .object({
    ...person,
    scopes: z.array(z.string()).meta({ description: 'The scopes of the token: those of the role, or fewer' }),
  })
  .meta({ id: 'Me', examples: [{ ...carlos, scopes: ['orders:read', 'orders:write'] }] });

const carlosAsUser = {
  ...carlos,
  createdAt: '2026-11-22T08:00:00.000Z',
  verifiedAt: '2026-11-22T08:00:00.000Z',
};

export const user = z
  .object({
    ...person,
    createdAt: timestamp,
    verifiedAt: timestamp.meta({ description: 'When the user confirmed the email address' }),
  })
  .meta({ id: 'User', examples: [carlosAsUser] });

export const userList = z
  .object({ data: z.array(user), nextCursor })
  .meta({ id: 'UserList', examples: [{ data: [carlosAsUser], nextCursor: null }] });

export const userQuery = z.strictObject({
  role: role.optional(),
  email: oneLine(254).optional().meta({ description: 'The complete address, in any case' }),
  limit: limitParameter,
  // The sort key is an email address. NUL is refused here, because Postgres rejects it.
  cursor: cursorParameter(z.tuple([z.string().refine((email) => !email.includes('\0'))])),
});

export const userChange = z.strictObject({ role }).meta({ id: 'UserChange', examples: [{ role: 'barista' }] });

/** An empty response, for requests whose effect must not be disclosed. */
export const nothing = z.object({}).meta({ id: 'Nothing', examples: [{}] });

export const registrationHeaders = z.object({ 'accept-language': acceptLanguage });

export const registration = z.strictObject({ email, name, language: language.optional() }).meta({
  id: 'Registration',
  examples: [{ email: 'ana@example.com', name: 'Ana Souza' }],
});

export const verification = z
  .strictObject({
    token,
    password: newPassword
      .optional()
      .meta({ ...newPassword.meta(), description: 'The new password. Required to open an account' }),
  })
  .meta({ id: 'Verification', examples: [{ token: exampleToken, password: 'seven violins in the rain' }] });

export const resetRequest = z
  .strictObject({ email })
  .meta({ id: 'PasswordResetRequest', examples: [{ email: 'ana@example.com' }] });

export const reset = z
  .strictObject({ token, password: newPassword })
  .meta({ id: 'PasswordReset', examples: [{ token: exampleToken, password: 'a lamp under the green ladder' }] });

export const passwordChange = z.strictObject({ currentPassword: password, newPassword }).meta({
  id: 'PasswordChange',
  examples: [{ currentPassword: 'seven violins in the rain', newPassword: 'a lamp under the green ladder' }],
});

export const meChange = z
  .strictObject({
    name: name.optional(),
    email: email
      .optional()
      .meta({ description: 'The new address. It takes effect when the user opens the link that Crema sends to it' }),
    currentPassword: password.optional().meta({ description: 'Required with `email`' }),
    language: language
      .nullable()
      .optional()
      .meta({ description: 'ISO 639, such as `pt`. null: the language of the shop' }),
  })
  .refine(
    ({ name, email, language }) => [name, email, language].some((part) => part !== undefined),
    'must change something',
  )
  .refine(({ email, currentPassword }) => (email === undefined) === (currentPassword === undefined), {
    path: ['currentPassword'],
    error: 'must be sent together with email',
  })
  .meta({
    id: 'MeChange',
    // `dependentRequired` does not allow `currentPassword` alone, so this requires a name, an email address or a language.
    minProperties: 1,
    dependentRequired: { email: ['currentPassword'], currentPassword: ['email'] },
    examples: [{ name: 'Carla Customer' }],
  });

const wanted = (description: string) => z.boolean().meta({ description });

/** The kinds of emails that a user can turn off, and when they are sent. */
const choices = {
  edited: wanted('The order was edited'),
  progress: wanted('The preparation started or was undone, or the order was delivered'),
  ready: wanted('The order is ready'),
  reminder: wanted('The order has been ready for some time'),
  cancelled: wanted('The order was cancelled'),
} satisfies Record<EmailKind, z.ZodType>;

const exampleChoice = { edited: true, progress: false, ready: true, reminder: true, cancelled: true };
const examplePreferences = { placed: true, ...exampleChoice, stopped: null };

export const emailPreferences = z
  .object({
    placed: z.boolean().meta({ description: 'Always true: receipts cannot be turned off' }),
    ...choices,
    stopped: z.enum(['bounced', 'complained']).meta({ id: 'EmailStopReason' }).nullable().meta({
      description:
        'Why your address receives no email: a message bounced permanently, or was reported as spam. null: it receives email',
    }),
  })
  .meta({ id: 'EmailPreferences', examples: [examplePreferences] });

export const emailPreferencesChange = changeOf(choices).meta({
  id: 'EmailPreferencesChange',
  examples: [{ progress: false }],
});

export const suppressedAddress = z
  .strictObject({ email })
  .meta({ id: 'SuppressedAddress', examples: [{ email: 'ana@example.com' }] });

export const farewell = z
  .strictObject({ password })
  .meta({ id: 'Farewell', examples: [{ password: 'seven violins in the rain' }] });

export const invitation = z
  .strictObject({ email, name, role: role.default('customer'), language: language.optional() })
  .meta({ id: 'Invitation', examples: [{ email: 'marco@example.com', name: 'Marco Barista', role: 'barista' }] });

const marco = {
  id: '5f0c3a62-6d0e-4a53-9d0b-3a1c5d7e9f10',
  email: 'marco@example.com',
  name: 'Marco Barista',
  role: 'barista',
  language: null,
  invitedBy: '0c0ffee0-0000-4000-8000-000000000001',
  createdAt: '2026-11-22T08:00:00.000Z',
  expiresAt: '2026-11-29T08:00:02.000Z',
  mailedAt: '2026-11-22T08:00:02.000Z',
};

const openInvitation = z
  .object({
    ...person,
    invitedBy: id
      .nullable()
      .meta({ description: 'The manager who sent the invitation. null: an operator sent it from the command line' }),
    createdAt: timestamp,
    expiresAt: timestamp,
    mailedAt: timestamp.nullable().meta({ description: 'null until the email has been sent' }),
  })
  .meta({ id: 'OpenInvitation', examples: [marco] });

export const invitationList = z
  .object({ data: z.array(openInvitation) })
  .meta({ id: 'InvitationList', examples: [{ data: [marco] }] });

const clientAccess = z
  .object({ client: z.string(), since: timestamp, until: timestamp.nullable() })
  .meta({ id: 'ClientAccess' });
const orderHistory = z.object({ order, timeline }).meta({ id: 'OrderHistory' });

export const personalData = z
  .object({
    exportedAt: timestamp,
    user,
    emailPreferences,
    access: z.array(clientAccess).meta({ description: 'The programs that you have signed in with' }),
    orders: z.array(orderHistory).meta({ description: 'All orders that you have placed, the newest first' }),
  })
  .meta({
    id: 'PersonalData',
    examples: [
      {
        exportedAt: '2026-11-22T10:00:00.000Z',
        user: carlosAsUser,
        emailPreferences: examplePreferences,
        access: [{ client: 'crema', since: '2026-11-22T09:00:00.000Z', until: '2027-02-20T09:00:00.000Z' }],
        orders: [{ order: placedOrder, timeline: orderTimeline }],
      },
    ],
  });
