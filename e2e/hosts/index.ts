import { electronHost, findElectron } from './electron.ts';
import { findBrowser } from './browser.ts';
import type { HostKind } from './session.ts';
import { standIn } from './stand-in.ts';
import { webHost } from './web-host.ts';

export const browser = await findBrowser();
const electron = findElectron();

if (!browser && process.env['CI'] === 'true')
  throw new Error('There is no Chromium, Chrome or Edge for the specs.');
if (!electron && process.env['GRAFT_ELECTRON'] === '1')
  throw new Error('GRAFT_ELECTRON=1, but there is no Electron.');
if (!browser)
  process.stderr.write('No Chromium, Chrome or Edge was found: the specs in a browser are left out.\n');

/** The hosts that this machine can run; every spec runs on each. */
export const hosts: HostKind[] = [
  ...(browser ? [webHost(browser), standIn(browser)] : []),
  ...(electron === null ? [] : [electronHost(electron)]),
];

/**
 * The hosts of a spec that takes minutes: all of them, but only `first` where GRAFT_SPECS=short, as in `npm test`.
 * `npm run e2e` leaves none out.
 */
export function hostsOfLongWay(first: string): HostKind[] {
  return process.env['GRAFT_SPECS'] === 'short' ? hosts.filter(({ name }) => name === first) : hosts;
}
