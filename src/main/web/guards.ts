import { timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

/** The sub-protocol that a window asks for, and the prefix of the second one, which carries the token. */
export const PROTOCOL = 'graft';
const TOKEN_PREFIX = 'token.';

/** Whether a request names this server as the browser of this machine does: a rebound name does not. */
export function isOwnHost(host: string | undefined, port: number): boolean {
  return host === `127.0.0.1:${port}` || host === `localhost:${port}`;
}

/** Whether the page that asks was served from here. Only for requests whose Host is the server's own. */
export function isOwnOrigin(headers: IncomingHttpHeaders): boolean {
  return headers.origin !== undefined && headers.origin === `http://${headers.host}`;
}

/**
 * Whether a plain request may be answered: typed by a person or made by a page of this server. Browsers say where a
 * request comes from; what does not say it is no browser, and nothing secret is served this way.
 */
export function isOwnRequest(headers: IncomingHttpHeaders): boolean {
  if (headers.origin !== undefined && !isOwnOrigin(headers)) return false;
  const site = headers['sec-fetch-site'];
  if (site === undefined || site === 'same-origin' || site === 'none') return true;
  return headers['sec-fetch-mode'] === 'navigate' && headers['sec-fetch-dest'] === 'document';
}

/** Whether the sub-protocols of a WebSocket request carry the token. */
export function carriesToken(protocols: string | undefined, token: string): boolean {
  const asked = (protocols ?? '').split(',').map((name) => name.trim());
  if (!asked.includes(PROTOCOL)) return false;
  return isToken(asked.find((name) => name.startsWith(TOKEN_PREFIX))?.slice(TOKEN_PREFIX.length), token);
}

/** Whether a plain request carries the token: a page asks so whether it would be let in. */
export const bearsToken = ({ authorization }: IncomingHttpHeaders, token: string): boolean =>
  isToken(/^Bearer (.*)$/.exec(authorization ?? '')?.[1], token);

/** Compared in constant time. */
function isToken(given: string | undefined, token: string): boolean {
  const [a, b] = [Buffer.from(given ?? ''), Buffer.from(token)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** What every answer carries, of the web host and of the desktop's own protocol. `connect`: where the page may connect. */
export function securityHeaders(connect: readonly string[]): Record<string, string> {
  const policy = [
    "default-src 'none'",
    "script-src 'self'",
    // Charts and overlays place things by style attributes.
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "font-src 'self' data:",
    `connect-src ${["'self'", ...connect].join(' ')}`,
    "frame-ancestors 'none'",
    "base-uri 'none'",
    "form-action 'none'",
  ];
  return {
    'content-security-policy': policy.join('; '),
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'permissions-policy': 'camera=(), microphone=(), geolocation=(), usb=(), payment=()',
  };
}
