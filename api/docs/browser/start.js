// Runs in the browser: opens Swagger UI with the API's own description.

/**
 * Swagger UI sends `Authorization: Basic crema:` for a client without a secret, which the OAuth2 server refuses, as a
 * public client has nothing to prove: its name goes into the form (RFC 6749 §3.2.1).
 */
const publicClient = {
  statePlugins: {
    auth: {
      wrapActions: {
        authorizePassword: (authorize) => (auth) => authorize({ ...auth, passwordType: 'request-body' }),
        // It keeps the code in the dialog, and takes the next sign-in from the same dialog for one without a code.
        authorizeAccessCodeWithFormParams: (authorize) => (payload) => {
          const result = authorize(payload);
          delete payload.auth.code;
          return result;
        },
      },
    },
  },
};

// Its dark colours hang on a class.
const dark = matchMedia('screen and (prefers-color-scheme: dark)');
const followTheme = () => document.documentElement.classList.toggle('dark-mode', dark.matches);
dark.addEventListener('change', followTheme);
followTheme();

const ui = SwaggerUIBundle({
  url: '/openapi.json',
  dom_id: '#swagger-ui',
  presets: [SwaggerUIBundle.presets.apis],
  plugins: [publicClient],
  layout: 'BaseLayout',
  deepLinking: true,
  defaultModelsExpandDepth: 0,
  displayRequestDuration: true,
  persistAuthorization: false,
  oauth2RedirectUrl: `${location.origin}/docs/oauth2-redirect`,
  tryItOutEnabled: true,
  // The document has the shop's public address; this page may be open at another one.
  requestInterceptor(request) {
    const { pathname } = new URL(request.url, location);
    if (pathname === '/oauth/token') request.url = location.origin + pathname;
    return request;
  },
  // Its badge would ask a server elsewhere what it thinks of this document.
  validatorUrl: null,
});

ui.initOAuth({
  clientId: 'crema',
  usePkceWithAuthorizationCodeGrant: true,
  // Whoever presses Authorize wants to choose who to be, although the browser may still know somebody.
  additionalQueryStringParams: { prompt: 'login' },
});

/** Puts the cursor into the field to correct, and marks it for screen readers. */
function focusFault(field) {
  field?.setAttribute('aria-invalid', 'true');
  field?.focus();
}

/** Controls that it draws without a name, and their names. */
const unnamed = {
  '.close-modal': 'Close',
  '.examples-select-element': 'Example',
  '.body-param__text': 'Request body',
};

// It puts the cursor into a password's name, far down; the first way to sign in is the one to see first.
new MutationObserver(() => {
  for (const [selector, name] of Object.entries(unnamed)) {
    for (const control of document.querySelectorAll(`${selector}:not([aria-label])`)) {
      control.setAttribute('aria-label', name);
    }
  }
  const refusal = document.querySelector('.auth-container .errors:not([data-seen])');
  if (refusal) {
    refusal.dataset.seen = '';
    refusal.setAttribute('role', 'alert');
    const way = refusal.closest('.auth-container');
    focusFault(way.querySelector('#oauth_password') ?? way.querySelector('input:not([type="checkbox"])'));
  }
  const dialog = document.querySelector('.dialog-ux:not([data-seen])');
  if (!dialog) return;
  dialog.dataset.seen = '';
  dialog.querySelector('.btn.authorize')?.focus();
  dialog.querySelector('.modal-ux-content').scrollTop = 0;
}).observe(document.querySelector('#swagger-ui'), { childList: true, subtree: true });

/** Time for Swagger UI to check an operation's fields and mark the faulty ones, in ms. */
const CHECKED_AFTER_MS = 150;

document.addEventListener('click', (event) => {
  const operation = event.target.closest('.btn.execute')?.closest('.opblock');
  if (operation) setTimeout(() => focusFault(operation.querySelector('.parameters .invalid')), CHECKED_AFTER_MS);
});

// Its sign-in is no form, so Enter would do nothing.
document.addEventListener('keydown', (event) => {
  if (event.key !== 'Enter' || !event.target.matches('.auth-container input:not([type="checkbox"])')) return;
  event.target.closest('.auth-container').querySelector('.btn.authorize')?.click();
});
