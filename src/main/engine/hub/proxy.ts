import * as http from 'node:http';

let honoured: boolean | null = null;

/**
 * Lets `fetch` of this process go through the proxy that HTTP_PROXY, HTTPS_PROXY and NO_PROXY name. False: one is
 * named, and this Node cannot use it (it can from 24.14 on; an older Electron has an older one).
 */
export function honourProxy(env: NodeJS.ProcessEnv = process.env): boolean {
  if (honoured !== null) return honoured;
  const isNamed = ['http_proxy', 'https_proxy', 'HTTP_PROXY', 'HTTPS_PROXY'].some((name) => env[name]);
  const isAble = 'setGlobalProxyFromEnv' in http;
  if (isNamed && isAble) http.setGlobalProxyFromEnv(env);
  honoured = !isNamed || isAble;
  return honoured;
}
