import { createHmac, timingSafeEqual } from 'node:crypto';
import { bodyParser } from '@koa/bodyparser';
import type { Context, Middleware } from 'koa';
import { errors, type Provider } from 'oidc-provider';
import { z } from 'zod';
import { standingHeaders } from '../../middleware/rate-limits.ts';
import { answerPage, escapeHtml } from '../../pages/page.ts';
import { type SignIn, TOO_MANY_TRIES } from '../sign-in.ts';
import { FOR_MANAGERS } from '../temporal-ui.ts';
import { answerExpired, answerForged } from './notice.ts';

const BODY_LIMIT = '10kb';

const readForm = bodyParser({ enableTypes: ['form'], formLimit: BODY_LIMIT });

/** What our form sends; whatever else somebody sends in its place counts as nothing typed. */
const form = z.object({
  csrf: z.string().catch(''),
  email: z.string().trim().catch(''),
  password: z.string().catch(''),
  remember: z.literal('yes').optional().catch(undefined),
  cancel: z.literal('yes').optional().catch(undefined),
});

/** One request of a client to have somebody signed in, as the library keeps it. */
type Interaction = Awaited<ReturnType<Provider['interactionDetails']>>;

export interface SignInPageOptions {
  provider(): Provider;
  signIn: SignIn;
  /** Secrets that sign cookies, and here the form, the one that signs first. */
  keys: readonly string[];
}

/** The page where people sign in, at `/oauth/sign-in/<id>`: a form that needs no script. */
export function createSignInPage({ provider, signIn, keys }: SignInPageOptions): Middleware {
  /** Whoever can show the form's token has read the form; the cookie says that it was in the same browser. */
  const csrfOf = ({ uid }: Interaction): string =>
    createHmac('sha256', keys[0] as string)
      .update(`sign-in ${uid}`)
      .digest('base64url');

  /** The interaction that the page's address and its cookie agree on. */
  async function interactionOf(ctx: Context): Promise<Interaction | undefined> {
    try {
      const found = await provider().interactionDetails(ctx.req, ctx.res);
      return ctx.path.endsWith(`/${found.uid}`) ? found : undefined;
    } catch (error) {
      if (error instanceof errors.SessionNotFound) return undefined;
      throw error;
    }
  }

  return async (ctx) => {
    const interaction = await interactionOf(ctx);
    if (!interaction) return answerExpired(ctx);
    const csrf = csrfOf(interaction);
    const { login_hint: hint, redirect_uri: formTarget } = interaction.params;
    const show = (status: number, email: string, fault?: Fault) =>
      answerPage(ctx, status, {
        title: fault ? 'Error: Sign in' : 'Sign in',
        content: formOf({ csrf, email, fault }),
        formTarget: String(formTarget),
      });
    if (ctx.method === 'GET' && interaction.prompt.reasons.includes(FOR_MANAGERS)) return show(403, '', NOT_A_MANAGER);
    if (ctx.method === 'GET') return show(200, typeof hint === 'string' ? hint : '');

    const typed = await typedIn(ctx);
    if (!equal(typed.csrf, csrf)) return answerForged(ctx);
    const finish = async (result: Parameters<Provider['interactionResult']>[2]) => {
      const next = await provider().interactionResult(ctx.req, ctx.res, result, { mergeWithLastSubmission: false });
      ctx.set('cache-control', 'no-store');
      ctx.redirect(next);
      ctx.status = 303;
    };
    if (typed.cancel) return finish({ error: 'access_denied', error_description: 'The sign-in was cancelled.' });
    if (!typed.email || !typed.password) return show(400, typed.email, missing(typed));
    const outcome = await signIn({ email: typed.email, password: typed.password, address: ctx.ip });
    if ('refused' in outcome) {
      ctx.set(standingHeaders(outcome.standing));
      return show(429, typed.email, GUESSED_TOO_OFTEN);
    }
    if (!outcome.found) return show(400, typed.email, WRONG);
    try {
      return await finish({ login: { accountId: outcome.found.id, remember: typed.remember === 'yes' } });
    } catch (error) {
      // The password was changed after it was checked.
      if (error instanceof errors.InvalidGrant) return show(400, typed.email, WRONG);
      throw error;
    }
  };
}

async function typedIn(ctx: Context): Promise<z.output<typeof form>> {
  try {
    await readForm(ctx as never, async () => {});
  } catch {
    // Too large or garbled: not from our form.
  }
  return form.parse((ctx.request as { body?: unknown }).body ?? {});
}

function equal(one: string, other: string): boolean {
  const [left, right] = [Buffer.from(one), Buffer.from(other)];
  return left.length === right.length && timingSafeEqual(left, right);
}

interface Fault {
  text: string;
  /** The field to mend. */
  field: 'email' | 'password';
}

const WRONG: Fault = { text: 'The email address or the password is wrong.', field: 'password' };

const GUESSED_TOO_OFTEN: Fault = { text: TOO_MANY_TRIES, field: 'password' };

const NOT_A_MANAGER: Fault = {
  text: 'You are signed in, but what you want to open is for managers. Sign in as one.',
  field: 'email',
};

const missing = ({ email }: { email: string }): Fault =>
  email
    ? { text: 'Type your password.', field: 'password' }
    : { text: 'Type your email address and your password.', field: 'email' };

function formOf({ csrf, email, fault }: { csrf: string; email: string; fault?: Fault | undefined }): string {
  const focus = fault?.field ?? (email ? 'password' : 'email');
  const attributes = (field: Fault['field']) =>
    `id="${field}" name="${field}" required${focus === field ? ' autofocus' : ''}` +
    (fault && (fault === WRONG || fault.field === field) ? ' aria-invalid="true" aria-describedby="fault"' : '');
  return `<h1>Sign in</h1>
<p>Your usual, or something new today?</p>
${fault ? `<p class="fault" id="fault" role="alert"><a href="#${fault.field}">${escapeHtml(fault.text)}</a></p>` : ''}
<form method="post">
<input type="hidden" name="csrf" value="${csrf}">
<label for="email">Email address</label>
<input ${attributes('email')} type="email" autocomplete="username" inputmode="email" autocapitalize="none" spellcheck="false" value="${escapeHtml(email)}">
<label for="password">Password</label>
<input ${attributes('password')} type="password" autocomplete="current-password">
<label class="check"><input type="checkbox" name="remember" value="yes"> Stay signed in on this device</label>
<div class="choices">
<button>Sign in</button>
<button class="quiet" name="cancel" value="yes" formnovalidate>Cancel</button>
</div>
</form>
<p class="elsewhere"><a href="/account/forgot">Forgotten your password?</a> · <a href="/account/register">Register</a></p>`;
}
