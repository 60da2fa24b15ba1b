import { mkdir, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../formats/test-support.ts';
import { hubEnvironment } from './environment.ts';

describe('the environment of the hub', () => {
  it('is that of Python where nothing is set', () => {
    expect(hubEnvironment({ HF_TOKEN_PATH: '/no/such/file' })).toEqual({
      cacheDir: join(homedir(), '.cache/huggingface/hub'),
      endpoint: 'https://huggingface.co',
      token: undefined,
      offline: false,
      silenceMs: 30_000,
    });
  });

  it.each<[NodeJS.ProcessEnv, string]>([
    [{ HF_HUB_CACHE: '/a', HF_HOME: '/b' }, '/a'],
    [{ HF_HOME: '/b', XDG_CACHE_HOME: '/c' }, '/b/hub'],
    [{ XDG_CACHE_HOME: '/c' }, '/c/huggingface/hub'],
    [{ HF_HOME: '~/models' }, join(homedir(), 'models/hub')],
  ])('finds the cache by %j', (env, cacheDir) => {
    expect(hubEnvironment(env).cacheDir).toBe(cacheDir);
  });

  it('takes the token of HF_TOKEN, else the one that a login left, unless that is forbidden', async () => {
    const home = await temporaryFolder();
    await writeFile(join(home, 'token'), 'from the file\n');
    await mkdir(join(home, 'elsewhere'));
    await writeFile(join(home, 'elsewhere/mine'), 'from elsewhere');
    const env = { HF_HOME: home };
    expect(hubEnvironment(env).token).toBe('from the file');
    expect(hubEnvironment({ ...env, HF_TOKEN_PATH: join(home, 'elsewhere/mine') }).token).toBe(
      'from elsewhere',
    );
    expect(hubEnvironment({ ...env, HF_TOKEN: 'from the variable' }).token).toBe('from the variable');
    expect(hubEnvironment({ ...env, HF_HUB_DISABLE_IMPLICIT_TOKEN: '1' }).token).toBeUndefined();
  });

  it('takes an address that is one, with or without a slash at its end', () => {
    expect(hubEnvironment({ HF_ENDPOINT: 'https://mirror.example/hf/' }).endpoint).toBe(
      'https://mirror.example/hf',
    );
    for (const endpoint of ['mirror.example', 'file:///etc', 'javascript:alert(1)']) {
      expect(() => hubEnvironment({ HF_ENDPOINT: endpoint })).toThrow('is not the address of a hub');
    }
  });
});
