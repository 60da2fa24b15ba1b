import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/** Where models come from, as the variables of Python's huggingface_hub say. */
export interface HubEnvironment {
  cacheDir: string;
  /** Without a slash at the end. */
  endpoint: string;
  token: string | undefined;
  offline: boolean;
}

/** Reads HF_HUB_CACHE, HUGGINGFACE_HUB_CACHE, HF_HOME, XDG_CACHE_HOME, HF_ENDPOINT, HF_TOKEN and HF_HUB_OFFLINE. */
export function hubEnvironment(env: NodeJS.ProcessEnv): HubEnvironment {
  const given = (name: string): string | undefined => env[name]?.trim() || undefined;
  const path = (name: string): string | undefined => given(name)?.replace(/^~(?=[/\\]|$)/, homedir());
  const home = path('HF_HOME') ?? join(path('XDG_CACHE_HOME') ?? join(homedir(), '.cache'), 'huggingface');
  return {
    cacheDir: resolve(path('HF_HUB_CACHE') ?? path('HUGGINGFACE_HUB_CACHE') ?? join(home, 'hub')),
    endpoint: (given('HF_ENDPOINT') ?? 'https://huggingface.co').replace(/\/+$/, ''),
    token: given('HF_TOKEN'),
    offline: /^(1|on|yes|true)$/i.test(given('HF_HUB_OFFLINE') ?? given('TRANSFORMERS_OFFLINE') ?? ''),
  };
}
