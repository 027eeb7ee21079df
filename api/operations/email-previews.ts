import type { Context, Middleware } from 'koa';
import { languages } from '../../languages/index.ts';
import { html, sentence } from '../../languages/markup.ts';
import { type SampleSettings, emails as samples } from '../../mail/samples.ts';

const HOME = '/dev/emails';

/** Matches `/dev/emails`, `/dev/emails/pt`, `/dev/emails/pt/customer-ready` and `/dev/emails/pt/customer-ready.txt`. */
const ADDRESS = /^\/dev\/emails(?:\/([a-z]+)(?:\/([a-z-]+)([.]txt)?)?)?$/;

const emails = new Map(samples.map(({ name, render }) => [name, render]));

/** The shop that sends the emails. */
type Shop = Omit<SampleSettings, 'language'>;

/** Serves every email with sample data, in every language, as HTML and as text. For development. */
export function emailPreviews(shop: Shop): Middleware {
  return async (ctx, next) => {
    const [matched, language = 'en', name, text] = ADDRESS.exec(ctx.path) ?? [];
    if (!matched || !languages.has(language) || !['GET', 'HEAD'].includes(ctx.method)) return next();
    if (!name) return answer(ctx, 'html', gallery(language, shop), "frame-src 'self'");
    const email = emails.get(name)?.({ ...shop, language });
    if (!email) return next();
    answer(ctx, text ? 'text' : 'html', text ? email.text : email.html, "frame-ancestors 'self'");
  };
}

/** Sends a preview. Inline styles are allowed, because emails need them. */
function answer(ctx: Context, type: string, body: string, policy: string): void {
  const policies = ["default-src 'none'", "style-src 'unsafe-inline'", "base-uri 'none'", "form-action 'none'", policy];
  ctx.set('content-security-policy', policies.join('; '));
  ctx.type = type;
  ctx.body = body;
}

function gallery(language: string, shop: Shop): string {
  const tongues = [...languages].map(([code, { name }]) =>
    code === language ? html`<strong>${name}</strong>` : html`<a href="${HOME}/${code}">${name}</a>`,
  );
  const cards = [...emails].map(([name, render]) => {
    const address = `${HOME}/${language}/${name}`;
    const { subject } = render({ ...shop, language });
    return html`<section lang="${language}">
<h2>${sentence(subject)}</h2>
<p lang="en">${name} · <a href="${address}">HTML</a> · <a href="${address}.txt">text</a></p>
<iframe sandbox loading="lazy" title="${subject}" src="${address}"></iframe>
</section>
`;
  });
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Emails · ${shop.shopName}</title>
<style>
body { margin: 2rem; font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
main { display: grid; gap: 2rem; grid-template-columns: repeat(auto-fill, minmax(min(24rem, 100%), 1fr)); }
h2 { margin: 0; font-size: 1rem; }
p { margin: 0.2rem 0 0.6rem; }
iframe { width: 100%; height: 46rem; border: 1px solid #8888; border-radius: 10px; }
</style>
</head>
<body>
<h1>Every email, with sample data</h1>
<p>${tongues.map((tongue, index) => html`${index > 0 ? ' · ' : null}${tongue}`)}</p>
<main>
${cards}
</main>
</body>
</html>
`.markup;
}
