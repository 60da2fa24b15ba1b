import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { fault } from '../../../shared/faults/index.ts';

/** Where models come from, as the variables of Python's huggingface_hub say. */
export interface HubEnvironment {
  cacheDir: string;
  /** Without a slash at the end. */
  endpoint: string;
  token: string | undefined;
  offline: boolean;
  /** A hub that sends nothing for so long is given up. */
  silenceMs: number;
}

const DEFAULT_SILENCE_S = 30;

/**
 * Reads HF_HUB_CACHE, HUGGINGFACE_HUB_CACHE, HF_HOME, XDG_CACHE_HOME, HF_ENDPOINT, HF_TOKEN, HF_TOKEN_PATH (the file
 * that `hf auth login` writes), HF_HUB_DISABLE_IMPLICIT_TOKEN, HF_HUB_DOWNLOAD_TIMEOUT (seconds) and HF_HUB_OFFLINE.
 * Throws `hub/endpoint`.
 */
export function hubEnvironment(env: NodeJS.ProcessEnv): HubEnvironment {
  const given = (name: string): string | undefined => env[name]?.trim() || undefined;
  const path = (name: string): string | undefined => given(name)?.replace(/^~(?=[/\\]|$)/, homedir());
  const isOn = (...names: string[]) => names.some((name) => /^(1|on|yes|true)$/i.test(given(name) ?? ''));
  const home = path('HF_HOME') ?? join(path('XDG_CACHE_HOME') ?? join(homedir(), '.cache'), 'huggingface');
  const implicit = () =>
    isOn('HF_HUB_DISABLE_IMPLICIT_TOKEN')
      ? undefined
      : tokenFile(path('HF_TOKEN_PATH') ?? join(home, 'token'));
  const seconds = Number(given('HF_HUB_DOWNLOAD_TIMEOUT'));
  return {
    cacheDir: resolve(path('HF_HUB_CACHE') ?? path('HUGGINGFACE_HUB_CACHE') ?? join(home, 'hub')),
    endpoint: address(given('HF_ENDPOINT') ?? 'https://huggingface.co'),
    token: given('HF_TOKEN') ?? given('HUGGING_FACE_HUB_TOKEN') ?? implicit(),
    offline: isOn('HF_HUB_OFFLINE', 'TRANSFORMERS_OFFLINE'),
    silenceMs: 1000 * (seconds > 0 ? seconds : DEFAULT_SILENCE_S),
  };
}

function address(endpoint: string): string {
  const url = URL.parse(endpoint);
  if (url === null || !/^https?:$/.test(url.protocol)) throw fault('hub/endpoint', { endpoint });
  return endpoint.replace(/\/+$/, '');
}

function tokenFile(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim() || undefined;
  } catch {
    return undefined;
  }
}
