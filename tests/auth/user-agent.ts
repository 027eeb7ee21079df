import { createHash, randomBytes } from 'node:crypto';

/** The page that a browser shows after all redirects. */
export interface Page {
  status: number;
  /** May be a URL outside the shop, which is not requested. */
  url: URL;
  headers: Headers;
  html: string;
}

/** A browser without scripts. It stores cookies, follows redirects inside the shop, and submits forms. */
export interface UserAgent {
  open(path: string): Promise<Page>;
  /** Sends the page's form. These fields replace the form's own; `undefined` omits a field. */
  submit(page: Page, fields: Record<string, string | undefined>): Promise<Page>;
  /** By name. */
  cookies: Map<string, Cookie>;
}

interface Cookie {
  value: string;
  path: string;
  /** undefined for a cookie that ends with the browser. */
  expires: string | undefined;
  /** All attributes, as received. */
  attributes: string;
}

/** @param language the value of `Accept-Language` */
export function openUserAgent(shop: string, language = ''): UserAgent {
  const cookies: UserAgent['cookies'] = new Map();

  function store(headers: Headers) {
    for (const line of headers.getSetCookie()) {
      const [, name, value, attributes] = /^([^=]+)=([^;]*)(.*)/.exec(line) as unknown as [
        string,
        string,
        string,
        string,
      ];
      const attribute = (key: string) => new RegExp(`; ${key}=([^;]+)`, 'i').exec(attributes)?.[1];
      if (value === '') cookies.delete(name);
      else cookies.set(name, { value, path: attribute('path') ?? '/', expires: attribute('expires'), attributes });
    }
  }

  async function go(url: URL, init: RequestInit = {}, hops = 10): Promise<Page> {
    const cookie = [...cookies].filter(([, { path }]) => url.pathname.startsWith(path));
    const headers = {
      accept: 'text/html,*/*;q=0.8',
      'accept-language': language,
      cookie: cookie.map(([name, { value }]) => `${name}=${value}`).join('; '),
      ...(init.headers as Record<string, string>),
    };
    const answer = await fetch(url, { ...init, headers, redirect: 'manual' });
    store(answer.headers);
    const html = await answer.text();
    const location = answer.headers.get('location');
    const next = location ? new URL(location, url) : url;
    const leaves = next.origin !== url.origin || /^\/(docs\/.*|display|board|)$/.test(next.pathname);
    if (!location || leaves || hops === 0) return { status: answer.status, url: next, headers: answer.headers, html };
    return go(next, {}, hops - 1);
  }

  return {
    cookies,
    open: (path) => go(new URL(path, shop)),
    submit(page, fields) {
      const own = [...page.html.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)"/g)];
      const body = new URLSearchParams(own.map(([, name, value]) => [name!, value!] as [string, string]));
      for (const [name, value] of Object.entries(fields)) {
        if (value === undefined) body.delete(name);
        else body.set(name, value);
      }
      const action = /<form[^>]* action="([^"]+)"/.exec(page.html)?.[1];
      return go(new URL(action ?? '', page.url), { method: 'POST', body });
    },
  };
}

/** An application of the shop: it sends users to the sign-in page and exchanges their codes for tokens. */
export function openApplication(shop: string, redirectUri = `${shop}/docs/oauth2-redirect`) {
  const verifier = randomBytes(32).toString('base64url');
  const challenge = createHash('sha256').update(verifier).digest('base64url');
  return {
    redirectUri,
    /** Returns the path of an authorization request. Parameters that are `undefined` are omitted. */
    authorize(parameters: Record<string, string | undefined> = {}): string {
      const all = {
        response_type: 'code',
        client_id: 'crema',
        redirect_uri: redirectUri,
        code_challenge: challenge,
        code_challenge_method: 'S256',
        state: 'as-it-was',
        ...parameters,
      };
      const given = Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined);
      return `/oauth/authorize?${new URLSearchParams(given)}`;
    },
    /** Returns the form that exchanges a code for tokens. */
    exchange: (code: string, parameters: Record<string, string> = {}): Record<string, string> => ({
      grant_type: 'authorization_code',
      client_id: 'crema',
      redirect_uri: redirectUri,
      code,
      code_verifier: verifier,
      ...parameters,
    }),
  };
}
