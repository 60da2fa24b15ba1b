import { protocol } from 'electron';
import { securityHeaders } from '../web/guards.ts';
import { rendererDir } from '../web/renderer-build.ts';
import { StaticFiles } from '../web/static-files.ts';

const SCHEME = 'graft-app';
/** The window's own origin: no file: address, so that pages have addresses and a policy in their headers. */
const ORIGIN = `${SCHEME}://window`;

/** Before Electron is ready: an origin of its own, treated like https. */
export function registerOrigin(): void {
  protocol.registerSchemesAsPrivileged([
    { scheme: SCHEME, privileges: { standard: true, secure: true, supportFetchAPI: true } },
  ]);
}

/** Answers the windows' own address from the built files; there is nothing else behind it. */
export function servePages(): void {
  const files = new StaticFiles(rendererDir());
  const security = securityHeaders([]);
  protocol.handle(SCHEME, (request) => {
    if (!isOwnPage(request.url)) return new Response(null, { status: 404 });
    const { status, headers, body } = files.find(request.url.slice(ORIGIN.length) || '/');
    return new Response(new Uint8Array(body), { status, headers: { ...headers, ...security } });
  });
}

export function isOwnPage(url: string): boolean {
  return url === ORIGIN || url.startsWith(`${ORIGIN}/`);
}

/** The address of a page of the window, "/experiments/7": its pages live in the fragment. */
export function pageUrl(page: string): string {
  return `${ORIGIN}/#${page}`;
}

/** The page that a `graft://experiments/7` link means; null for anything else. */
export function pageOfLink(link: string): string | null {
  const match = /^graft:\/\/((?:[a-z]+)(?:\/[\w-]{1,64}){0,2})\/?$/.exec(link);
  return match ? `/${match[1]}` : null;
}
