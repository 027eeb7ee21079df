import type { IncomingMessage } from 'node:http';
import { Problem } from './problem.ts';

/** Limit of a request's headers, in bytes. */
export const MAX_HEADERS = 16_384;

/** Returns the problem for an error of Node's HTTP parser; undefined if the connection was lost. */
export function problemOf({ code = '' }: NodeJS.ErrnoException): Problem | undefined {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    return new Problem('request_timeout', { detail: 'The request took too long to arrive.' });
  }
  if (code === 'HPE_HEADER_OVERFLOW') {
    return new Problem('headers_too_large', { detail: `The headers must be at most ${MAX_HEADERS} bytes.` });
  }
  if (!code.startsWith('HPE_')) return undefined;
  return new Problem('invalid_request', { detail: 'The request is not well-formed HTTP.' });
}

/**
 * Returns the problem of a request that the parser accepts but that servers interpret differently (request smuggling, RFC 9112
 * §11.2). Rewrites an absolute URL, as proxies send it, to a path.
 */
export function checkRequest(request: IncomingMessage): Problem | undefined {
  const detail = ambiguityIn(request) ?? normalizeTarget(request);
  return detail === undefined ? undefined : new Problem('invalid_request', { detail });
}

function ambiguityIn({ headersDistinct, httpVersion }: IncomingMessage): string | undefined {
  const hosts = headersDistinct.host?.length ?? 0;
  const isHttp10 = httpVersion === '1.0';
  // RFC 9112 §3.2 and §6.1.
  if (hosts > 1 || (hosts === 0 && !isHttp10)) return 'The request must have exactly one Host header.';
  if (isHttp10 && headersDistinct['transfer-encoding']) return 'HTTP/1.0 requests cannot have Transfer-Encoding.';
  return undefined;
}

/** Changes an absolute URL to a path (RFC 9112 §3.2.2). Returns a fault for an invalid URL, which Node's parser accepts. */
function normalizeTarget(request: IncomingMessage): string | undefined {
  const { url: target = '' } = request;
  if (target.startsWith('/') || target === '*') return undefined;
  const url = URL.parse(target);
  if (!url || !/^https?:$/.test(url.protocol) || url.username || url.password) {
    return 'The request target must be a path, or an http or https URL without a user.';
  }
  request.url = `${url.pathname}${url.search}`;
  return undefined;
}
