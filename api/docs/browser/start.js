// Runs in the browser: starts Swagger UI.

/**
 * Swagger UI sends `Authorization: Basic crema:` for a client without a secret. The OAuth2 server rejects this header, so the
 * plugin sends the id of the public client in the form (RFC 6749 §3.2.1).
 */
const publicClient = {
  statePlugins: {
    auth: {
      wrapActions: {
        authorizePassword: (authorize) => (auth) => authorize({ ...auth, passwordType: 'request-body' }),
        // Swagger UI keeps the code in the dialog, and would treat the next sign-in from this dialog as a flow without a code.
        authorizeAccessCodeWithFormParams: (authorize) => (payload) => {
          const result = authorize(payload);
          delete payload.auth.code;
          return result;
        },
      },
    },
  },
};

// Swagger UI selects dark colours by a class.
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
  // The document contains the public URL of the shop, but this page may be open at another one.
  requestInterceptor(request) {
    const { pathname } = new URL(request.url, location);
    if (pathname === '/oauth/token') request.url = location.origin + pathname;
    return request;
  },
  // Disables the badge, which sends the document to an external validator.
  validatorUrl: null,
});

ui.initOAuth({
  clientId: 'crema',
  usePkceWithAuthorizationCodeGrant: true,
  // Authorize shows the sign-in form, even if the browser has a session.
  additionalQueryStringParams: { prompt: 'login' },
});

/** Focuses a faulty field and marks it for screen readers. */
function focusFault(field) {
  field?.setAttribute('aria-invalid', 'true');
  field?.focus();
}

/** Accessible names for controls that Swagger UI leaves unnamed. */
const unnamed = {
  '.close-modal': 'Close',
  '.examples-select-element': 'Example',
  '.body-param__text': 'Request body',
};

// When the dialog opens, Swagger UI focuses the user name of the password grant, which is far down. This focuses the first
// sign-in method instead and scrolls to the top.
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

/** Swagger UI needs this time to check the fields of an operation, in ms. */
const CHECKED_AFTER_MS = 150;

document.addEventListener('click', (event) => {
  const operation = event.target.closest('.btn.execute')?.closest('.opblock');
  if (operation) setTimeout(() => focusFault(operation.querySelector('.parameters .invalid')), CHECKED_AFTER_MS);
});

// Swagger UI's sign-in is not a form, so Enter would have no effect.
document.addEventListener('keydown', (event) => {
  if (event.key !== 'Enter' || !event.target.matches('.auth-container input:not([type="checkbox"])')) return;
  event.target.closest('.auth-container').querySelector('.btn.authorize')?.click();
});
