import { type ProblemCode, problems } from '../problem.ts';

/** What a client can do about each problem. */
const remedies: Record<ProblemCode, string> = {
  invalid_request: 'Mend what <code>errors</code> names, all of it, and send the request again.',
  unauthenticated: 'Get an access token from <code>/oauth/token</code>, or a fresh one: they last ten minutes.',
  forbidden: 'Sign in as somebody who may, or ask for a token with the scope that <code>detail</code> names.',
  wrong_password: 'Send the password that you sign in with now.',
  not_found: 'Check the id and the path. What you may not see, and what was deleted, counts as not there.',
  method_not_allowed: 'Use one of the methods that the header <code>Allow</code> lists.',
  request_timeout: 'Send the whole request at once, and again: nothing of it was looked at.',
  illegal_transition:
    'Look at <code>currentStatus</code>: perhaps somebody was faster. Choose from <code>allowedTransitions</code>.',
  product_unavailable:
    'Read <code>/v1/catalog</code> again and replace the lines that <code>errors</code> points to: they are sold out, ' +
    'off the menu, or never were on it.',
  price_changed:
    'Show the new <code>total</code> to the customer, and send the order again with it as <code>expectedTotal</code>.',
  name_taken: 'Choose another name, or take the one that has it off the menu first.',
  email_taken: 'Look them up in <code>/v1/users</code>, and promote them if that is what you meant.',
  last_manager: 'Make somebody else a manager first.',
  webhook_disabled: 'Nothing is sent to it. Enable it first: <code>PATCH</code> it with <code>enabled: true</code>.',
  too_many_webhooks: 'Delete one that is not needed any more, or let one endpoint pass events on to others.',
  invalid_link:
    'It was used, has expired, or never was one. Ask for a new one: register again, or ask for another reset or invitation.',
  version_mismatch: 'Read it again, see what has changed, and send your change with the new <code>ETag</code>.',
  payload_too_large: 'Send less: <code>detail</code> says how much will do.',
  unsupported_media_type: 'Send JSON, with <code>Content-Type: application/json</code>.',
  idempotency_key_reused: 'Use a new <code>Idempotency-Key</code>: this one belongs to a request with another body.',
  rate_limited:
    'Wait for <code>Retry-After</code> seconds. <code>RateLimit</code>, which comes with every answer, says beforehand how ' +
    'many requests are left, and for how many seconds.',
  too_many_streams:
    'Close a stream that you do not need, and try again: <code>detail</code> says how many you may have.',
  headers_too_large: 'Send fewer or shorter headers: <code>detail</code> says how much will do.',
  internal: 'Tell us, with <code>instance</code>: our logs have the whole story under this id.',
  unavailable: 'Nothing was changed. Wait for <code>Retry-After</code> seconds and try again.',
  outcome_unknown:
    'It may have happened. Send the same request with the <code>Idempotency-Key</code> of this answer: it happens once, ' +
    'and you learn how it went.',
};

/** Explains every problem, each at the anchor that the `type` of its documents names. */
export function problemList(): string {
  const sections = Object.entries(problems).map(
    ([code, { status, title }]) => `<section id="${code}">
<h2><a href="#${code}"><code>${code}</code></a> <span>${status}</span></h2>
<p><strong>${title}.</strong> ${remedies[code as ProblemCode]}</p>
</section>`,
  );
  return `<main class="crema-text">
<h1>Problems</h1>
<p>When a request goes wrong, the answer is a problem document (RFC 9457, <code>application/problem+json</code>). Its
<code>code</code> is one of these; its <code>detail</code> tells about the very request.</p>
${sections.join('\n')}
</main>`;
}
