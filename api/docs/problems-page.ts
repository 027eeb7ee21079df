import { type Html, html } from '../../mail/templates/markup.ts';
import { type ProblemCode, problems } from '../http/problem.ts';
import { inlineMarkdown } from './page.ts';

/** What a client can do about each problem, in Markdown as far as {@link inlineMarkdown} has it. */
const remedies: Record<ProblemCode, string> = {
  invalid_request: 'Correct every fault that `errors` lists, and send the request again.',
  unauthenticated: 'Get an access token from `/oauth/token`, or a fresh one: they last ten minutes.',
  forbidden: 'Sign in as somebody who may, or ask for a token with the scope that `detail` names.',
  wrong_password: 'Send the password that you sign in with now.',
  not_found: 'Check the id and the path. What you may not see, and what was deleted, counts as not there.',
  method_not_allowed: 'Use one of the methods that the header `Allow` lists.',
  request_timeout: 'Send the whole request at once, and again: nothing of it was looked at.',
  illegal_transition: 'Look at `currentStatus`: somebody may have changed it. Choose from `allowedTransitions`.',
  product_unavailable:
    'Read `/v1/catalog` again and replace the lines that `errors` points to: they are sold out, ' +
    'off the menu, or never were on it.',
  price_changed: 'Show the new `total` to the customer, and send the order again with it as `expectedTotal`.',
  name_taken: 'Choose another name, or take the one that has it off the menu first.',
  email_taken: 'Look them up in `/v1/users`, and promote them if that is what you meant.',
  nothing_to_send:
    'The email that you ask to be sent again cannot be: `detail` says why, such as an account that is gone, or an address that takes no mail.',
  last_manager: 'Make somebody else a manager first.',
  webhook_disabled: 'Nothing is sent to it. Enable it first: `PATCH` it with `enabled: true`.',
  too_many_webhooks: 'Delete one that is not needed any more, or let one endpoint pass events on to others.',
  invalid_link:
    'It was used, has expired, or never was one. Ask for a new one: register again, or ask for another reset or invitation.',
  version_mismatch: 'Read it again, see what has changed, and send your change with the new `ETag`.',
  payload_too_large: 'Send less: `detail` says how much is allowed.',
  unsupported_media_type: 'Send JSON, with `Content-Type: application/json`.',
  idempotency_key_reused: 'Use a new `Idempotency-Key`: this one belongs to a request with another body.',
  rate_limited:
    'Wait for `Retry-After` seconds. `RateLimit`, which comes with every answer, says beforehand how ' +
    'many requests are left, and for how many seconds.',
  too_many_streams: 'Close a stream that you do not need, and try again: `detail` says how many you may have.',
  headers_too_large: 'Send fewer or shorter headers: `detail` says how much is allowed.',
  internal: 'Tell us, with `instance`: our logs have the whole story under this id.',
  unavailable: 'Nothing was changed. Wait for `Retry-After` seconds and try again.',
  outcome_unknown:
    'It may have happened. Send the same request with the `Idempotency-Key` of this answer: it happens once, ' +
    'and you learn how it went.',
};

/** Explains every problem, each at the anchor that the `type` of its documents names. */
export function problemList(): Html {
  const sections = Object.entries(problems).map(
    ([code, { status, title }]) => html`<section id="${code}">
<h2><a href="#${code}"><code>${code}</code></a> <span>${status}</span></h2>
<p><strong>${title}.</strong> ${inlineMarkdown(remedies[code as ProblemCode])}</p>
</section>
`,
  );
  return html`<main class="crema-text">
<h1>Problems</h1>
<p>${inlineMarkdown(
    'When a request goes wrong, the answer is a problem document (RFC 9457, `application/problem+json`). Its `code` is one ' +
      'of these; its `detail` describes what is wrong with this request.',
  )}</p>
${sections}
</main>`;
}
