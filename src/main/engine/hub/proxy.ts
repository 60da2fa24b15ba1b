import * as http from 'node:http';

let done = false;

/**
 * Lets `fetch` of this process go through the proxy that HTTP_PROXY, HTTPS_PROXY and NO_PROXY name; does nothing where
 * none is named.
 */
export function honourProxy(env: NodeJS.ProcessEnv = process.env): void {
  if (done) return;
  done = true;
  const isNamed = ['http_proxy', 'https_proxy', 'HTTP_PROXY', 'HTTPS_PROXY'].some((name) => env[name]);
  // Node has it from 24.14 on; the Node of an older Electron goes without a proxy.
  if (isNamed && 'setGlobalProxyFromEnv' in http) http.setGlobalProxyFromEnv(env);
}
