import { createHmac, timingSafeEqual } from 'node:crypto';
import { bodyParser } from '@koa/bodyparser';
import type { Context, Middleware } from 'koa';
import { errors, type Provider } from 'oidc-provider';
import { z } from 'zod';
import type { PageWords } from '../../../languages/language.ts';
import { type Html, html } from '../../../languages/markup.ts';
import { quotaHeaders } from '../../http/middleware/rate-limits.ts';
import { inMinutes, type Pages } from '../../http/pages/page.ts';
import { DISPLAY, DISPLAY_AMR } from '../display.ts';
import type { SignIn } from '../sign-in.ts';
import { WRONG_ROLE } from '../sign-in-checks.ts';
import { answerExpired, answerForged } from './error-pages.ts';

const readForm = bodyParser({ enableTypes: ['form'], formLimit: '10kb' });

/** The fields of the sign-in form. A missing or malformed field counts as empty. */
const form = z.object({
  csrf: z.string().catch(''),
  email: z.string().trim().catch(''),
  password: z.string().catch(''),
  remember: z.literal('yes').optional().catch(undefined),
  cancel: z.literal('yes').optional().catch(undefined),
});

/** A client's request to sign a user in, as oidc-provider stores it. */
type Interaction = Awaited<ReturnType<Provider['interactionDetails']>>;

export interface SignInPageOptions {
  pages: Pages;
  provider(): Provider;
  signIn: SignIn;
  /** The secrets that sign cookies. The first one also signs the form's anti-forgery token. */
  keys: readonly string[];
}

/** Serves the sign-in page at `/oauth/sign-in/<id>`: a form that needs no script. */
export function createSignInPage({ pages, provider, signIn, keys }: SignInPageOptions): Middleware {
  /** Returns the form's anti-forgery token. It belongs to the interaction, whose cookie binds it to the browser. */
  const csrfOf = ({ uid }: Interaction): string =>
    createHmac('sha256', keys[0] as string)
      .update(`sign-in ${uid}`)
      .digest('base64url');

  function show(ctx: Context, interaction: Interaction, status: number, email: string, fault?: Fault): void {
    const words = pages.wordsFor(ctx);
    const { links, signIn } = words.pages;
    pages.answer(ctx, status, {
      words,
      title: signIn.title,
      refused: fault !== undefined,
      content: formOf(words.pages, {
        csrf: csrfOf(interaction),
        email,
        fault,
        isForDisplay: isForDisplay(interaction),
      }),
      links: [
        [links.forgot, '/account/forgot'],
        [links.register, '/account/register'],
      ],
      formLeaves: true,
    });
  }

  /** Stores the result of the interaction and redirects to oidc-provider, which redirects to the client. */
  async function finish(ctx: Context, result: Parameters<Provider['interactionResult']>[2]): Promise<void> {
    const next = await provider().interactionResult(ctx.req, ctx.res, result, { mergeWithLastSubmission: false });
    ctx.set('cache-control', 'no-store');
    ctx.redirect(next);
    ctx.status = 303;
  }

  async function submit(ctx: Context, interaction: Interaction): Promise<void> {
    const texts = pages.wordsFor(ctx).pages.signIn;
    const refuse = (status: number, email: string, fault: Fault) => show(ctx, interaction, status, email, fault);
    const fields = await readFields(ctx);
    // This response only shows the form again, so the anti-forgery token is not checked.
    if (fields === 'too long') return refuse(413, '', { text: texts.tooLong, fields: ['email', 'password'] });
    const { csrf, email, password, remember, cancel } = fields;
    if (!isEqual(csrf, csrfOf(interaction))) return answerForged(ctx, pages);
    if (cancel) return finish(ctx, { error: 'access_denied', error_description: 'The sign-in was cancelled.' });
    if (!email) return refuse(400, email, { text: texts.bothMissing, fields: ['email', 'password'] });
    if (!password) return refuse(400, email, { text: texts.passwordMissing, fields: ['password'] });

    const result = await signIn({ email, password, address: ctx.ip });
    if ('refused' in result) {
      ctx.set(quotaHeaders(result.status));
      return refuse(429, email, {
        text: texts.tooManyAttempts(inMinutes(result.status.resetsIn)),
        fields: ['password'],
      });
    }
    const wrong: Fault = { text: texts.wrong, fields: ['password'] };
    if (!result.found) return refuse(400, email, wrong);
    try {
      const forDisplay = isForDisplay(interaction) && { remember: true, amr: [DISPLAY_AMR] };
      await finish(ctx, { login: { accountId: result.found.id, remember: remember === 'yes', ...forDisplay } });
    } catch (error) {
      // The password was changed after the check above.
      if (error instanceof errors.InvalidGrant) return refuse(400, email, wrong);
      throw error;
    }
  }

  return async (ctx) => {
    const interaction = await interactionOf(provider(), ctx);
    if (!interaction) return answerExpired(ctx, pages);
    if (ctx.method === 'POST') return submit(ctx, interaction);
    if (interaction.prompt.reasons.includes(WRONG_ROLE)) {
      const { forStaff, forManagers } = pages.wordsFor(ctx).pages.signIn;
      const text = isForDisplay(interaction) ? forStaff : forManagers;
      return show(ctx, interaction, 403, '', { text, fields: ['email'] });
    }
    const { login_hint: hint } = interaction.params;
    show(ctx, interaction, 200, typeof hint === 'string' ? hint : '');
  };
}

const isForDisplay = ({ params }: Interaction): boolean => params.client_id === DISPLAY;

/** Returns the interaction that the cookie names, or `undefined` if it has expired or the path names another one. */
async function interactionOf(provider: Provider, ctx: Context): Promise<Interaction | undefined> {
  try {
    const found = await provider.interactionDetails(ctx.req, ctx.res);
    return ctx.path.endsWith(`/${found.uid}`) ? found : undefined;
  } catch (error) {
    if (error instanceof errors.SessionNotFound) return undefined;
    throw error;
  }
}

async function readFields(ctx: Context): Promise<z.output<typeof form> | 'too long'> {
  try {
    await readForm(ctx as never, async () => {});
  } catch (error) {
    if ((error as { status?: number }).status === 413) return 'too long';
    // A malformed body counts as a form without fields.
  }
  return form.parse((ctx.request as { body?: unknown }).body ?? {});
}

function isEqual(one: string, other: string): boolean {
  const [left, right] = [Buffer.from(one), Buffer.from(other)];
  return left.length === right.length && timingSafeEqual(left, right);
}

interface Fault {
  text: string;
  /** The fields to correct. The first one gets the focus. */
  fields: readonly [FieldName, ...FieldName[]];
}

type FieldName = 'email' | 'password';

function formOf(
  { signIn, fields }: PageWords,
  {
    csrf,
    email,
    fault,
    isForDisplay,
  }: { csrf: string; email: string; fault: Fault | undefined; isForDisplay: boolean },
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
${isForDisplay ? null : html`<label class="check"><input type="checkbox" name="remember" value="yes"><span>${signIn.remember}</span></label>`}
<div class="choices">
<button>${signIn.button}</button>
<button class="quiet" name="cancel" value="yes" formnovalidate>${signIn.cancel}</button>
</div>
</form>`;
}
