import { type Html, html } from '../../languages/markup.ts';
import { type ProblemCode, problems } from '../http/problem.ts';

/** The steps that resolve each problem, as texts for {@link inlineMarkdown}. */
const remedies: Record<ProblemCode, string> = {
  invalid_request: 'Correct every fault that `errors` lists, then send the request again.',
  unauthenticated: 'Get a new access token from `/oauth/token`. Access tokens expire after ten minutes.',
  forbidden: 'Use an account of an allowed type, or request a token with the scope that `detail` names.',
  wrong_password: 'Send your current password.',
  not_found: 'Check the path and the id. Deleted resources, and those that you may not see, are not found either.',
  method_not_allowed: 'Use one of the methods in the `Allow` header.',
  request_timeout: 'Send the request again, without pauses. The incomplete request had no effect.',
  illegal_transition:
    'Read `currentStatus`: another request may have changed the order. Choose a status from `allowedTransitions`.',
  product_unavailable:
    'Read `/v1/catalog` again and replace the lines that `errors` lists: their products are sold out, deleted or unknown.',
  options_invalid:
    'Read `/v1/catalog` again and correct the options that `errors` lists. A line needs at least `min` and at most `max` options of each group.',
  price_changed: 'Show the new `total` to the customer, and send the order again with it as `expectedTotal`.',
  name_taken: 'Choose a different name, or first rename or delete the item that has it.',
  email_taken: 'Find the user in `/v1/users`. To change the role of the user, send `PATCH /v1/users/{id}`.',
  nothing_to_send: 'Read the reason in `detail`. For example, the account was erased.',
  last_manager: 'Make another user a manager first.',
  webhook_disabled: 'Enable the webhook first: `PATCH` it with `enabled: true`.',
  too_many_webhooks: 'Delete a webhook that is no longer needed, or forward events from one endpoint to others.',
  invalid_link: 'The link is used, expired or unknown. Request a new one: register, reset or be invited again.',
  version_mismatch: 'Read the resource again, check what has changed, and send your change with the new `ETag`.',
  payload_too_large: 'Send a smaller body. `detail` gives the limit.',
  unsupported_media_type: 'Send JSON with `Content-Type: application/json`.',
  idempotency_key_reused: 'Use a new `Idempotency-Key`: this one was used with a different body.',
  rate_limited:
    'Wait for `Retry-After` seconds. The `RateLimit` header of every response gives the remaining requests and the ' +
    'seconds until the quota resets.',
  too_many_streams: 'Close an open stream, then try again. `detail` gives the limit.',
  headers_too_large: 'Send fewer or shorter headers: `detail` gives the limit.',
  internal: 'Report the problem with its `instance`, which identifies the request in the logs.',
  unavailable: 'The request had no effect. Wait for `Retry-After` seconds, then try again.',
  outcome_unknown:
    'The request may have taken effect. Repeat it with the `Idempotency-Key` of this response: it takes effect once, ' +
    'and you get its outcome.',
};

/** Converts Markdown to HTML. Supports only `code`. */
const inlineMarkdown = (text: string): Html =>
  html`${text.split('`').map((part, index) => (index % 2 === 1 ? html`<code>${part}</code>` : part))}`;

/** Returns the content of the page that explains every problem. The `type` of a problem document links to its section. */
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
<p>An error response is a problem document (RFC 9457, <code>application/problem+json</code>). Its <code>code</code> is one of these.
Its <code>detail</code> describes what is wrong with the request.</p>
${sections}
</main>`;
}
