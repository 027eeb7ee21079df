import { createHmac, timingSafeEqual } from 'node:crypto';
import { bodyParser } from '@koa/bodyparser';
import type { Context, Middleware } from 'koa';
import { errors, type Provider } from 'oidc-provider';
import { z } from 'zod';
import type { PageWords } from '../../../mail/languages/language.ts';
import { type Html, html } from '../../../mail/templates/markup.ts';
import { quotaHeaders } from '../../http/middleware/rate-limits.ts';
import { inMinutes, type Pages } from '../../http/pages/page.ts';
import type { SignIn } from '../sign-in.ts';
import { FOR_MANAGERS } from '../temporal-ui.ts';
import { answerExpired, answerForged } from './error-pages.ts';

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
  pages: Pages;
  provider(): Provider;
  signIn: SignIn;
  /** Secrets that sign cookies, and here the form, the one that signs first. */
  keys: readonly string[];
}

/** The page where people sign in, at `/oauth/sign-in/<id>`: a form that needs no script. */
export function createSignInPage({ pages, provider, signIn, keys }: SignInPageOptions): Middleware {
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
    if (!interaction) return answerExpired(ctx, pages);
    const csrf = csrfOf(interaction);
    const { login_hint: hint } = interaction.params;
    const words = pages.wordsFor(ctx);
    const { links, signIn: said } = words.pages;
    const show = (status: number, email: string, fault?: Fault) =>
      pages.answer(ctx, status, {
        words,
        title: said.title,
        refused: fault !== undefined,
        content: formOf(words.pages, { csrf, email, fault }),
        links: [
          [links.forgot, '/account/forgot'],
          [links.register, '/account/register'],
        ],
        formLeaves: true,
      });
    const wrong: Fault = { text: said.wrong, fields: ['password'] };
    if (ctx.method !== 'POST') {
      return interaction.prompt.reasons.includes(FOR_MANAGERS)
        ? show(403, '', { text: said.forManagers, fields: ['email'] })
        : show(200, typeof hint === 'string' ? hint : '');
    }

    const typed = await typedIn(ctx);
    // It needs no anti-forgery token: the form is shown again, and nothing else happens.
    if (typed === 'too long') return show(413, '', { text: said.tooLong, fields: ['email', 'password'] });
    if (!equal(typed.csrf, csrf)) return answerForged(ctx, pages);
    const finish = async (result: Parameters<Provider['interactionResult']>[2]) => {
      const next = await provider().interactionResult(ctx.req, ctx.res, result, { mergeWithLastSubmission: false });
      ctx.set('cache-control', 'no-store');
      ctx.redirect(next);
      ctx.status = 303;
    };
    if (typed.cancel) return finish({ error: 'access_denied', error_description: 'The sign-in was cancelled.' });
    if (!typed.email || !typed.password) return show(400, typed.email, missing(said, typed));
    const outcome = await signIn({ email: typed.email, password: typed.password, address: ctx.ip });
    if ('refused' in outcome) {
      ctx.set(quotaHeaders(outcome.status));
      const text = said.tooManyTries(inMinutes(outcome.status.resetsIn));
      return show(429, typed.email, { text, fields: ['password'] });
    }
    if (!outcome.found) return show(400, typed.email, wrong);
    try {
      return await finish({ login: { accountId: outcome.found.id, remember: typed.remember === 'yes' } });
    } catch (error) {
      // The password was changed after it was checked.
      if (error instanceof errors.InvalidGrant) return show(400, typed.email, wrong);
      throw error;
    }
  };
}

async function typedIn(ctx: Context): Promise<z.output<typeof form> | 'too long'> {
  try {
    await readForm(ctx as never, async () => {});
  } catch (error) {
    if ((error as { status?: number }).status === 413) return 'too long';
    // Garbled: not from our form.
  }
  return form.parse((ctx.request as { body?: unknown }).body ?? {});
}

function equal(one: string, other: string): boolean {
  const [left, right] = [Buffer.from(one), Buffer.from(other)];
  return left.length === right.length && timingSafeEqual(left, right);
}

interface Fault {
  text: string;
  /** The fields to mend. The first gets the focus. */
  fields: readonly [FieldName, ...FieldName[]];
}

type FieldName = 'email' | 'password';

const missing = (said: PageWords['signIn'], { email }: { email: string }): Fault =>
  email
    ? { text: said.passwordMissing, fields: ['password'] }
    : { text: said.bothMissing, fields: ['email', 'password'] };

function formOf(
  { signIn, fields }: PageWords,
  { csrf, email, fault }: { csrf: string; email: string; fault: Fault | undefined },
): Html {
  const focus = fault?.fields[0] ?? (email ? 'password' : 'email');
  const attributes = (field: FieldName) => [
    html`id="${field}" name="${field}" required`,
    focus === field ? html` autofocus` : null,
    fault?.fields.includes(field) ? html` aria-invalid="true" aria-describedby="fault"` : null,
  ];
  return html`<p>${signIn.greeting}</p>
${fault ? html`<p class="fault" id="fault" role="alert"><a href="#${focus}">${fault.text}</a></p>` : null}
<form method="post">
<input type="hidden" name="csrf" value="${csrf}">
<label for="email">${fields.email}</label>
<input ${attributes('email')} type="email" autocomplete="username" inputmode="email" autocapitalize="none" spellcheck="false" value="${email}">
<label for="password">${fields.password}</label>
<input ${attributes('password')} type="password" autocomplete="current-password">
<label class="check"><input type="checkbox" name="remember" value="yes"><span>${signIn.remember}</span></label>
<div class="choices">
<button>${signIn.button}</button>
<button class="quiet" name="cancel" value="yes" formnovalidate>${signIn.cancel}</button>
</div>
</form>`;
}
