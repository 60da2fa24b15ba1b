import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../formats/test-support.ts';
import { closedEndpoint, hubAndCache, refusal, type Override } from './test-hub.ts';

describe('a model that cannot be had', () => {
  const status =
    (code: number, errorCode?: string): Override =>
    (_, response) => {
      response.statusCode = code;
      if (errorCode !== undefined) response.setHeader('X-Error-Code', errorCode);
      response.end('{}');
      return true;
    };
  const unknown =
    'HUB has no model org/name, and there is no folder of that name. ' +
    'Check the spelling: an id is written organisation/name, upper and lower case as on the page of the model.';
  const later = 'Try again later; check the address of the hub in Settings, HF_ENDPOINT and the proxy.';
  const terms =
    'HUB gives the model org/name only to those who accepted its terms. Accept them at HUB/org/name';

  it.each([
    [404, undefined, unknown],
    [401, 'RepoNotFound', unknown],
    [
      401,
      undefined,
      'HUB does not give out the model org/name (status 401): it is private, or there is none of that name. ' +
        'Check the id; for a private one, put a token that may read it into Settings (or HF_TOKEN).',
    ],
    [401, 'GatedRepo', `${terms}, then put a token of that account into Settings (or HF_TOKEN).`],
    [500, undefined, `HUB gave an unusable answer about the model org/name: status 500. ${later}`],
    [
      429,
      undefined,
      'HUB has had too many requests from here (status 429). ' +
        'Try again in a few minutes; with a token in Settings the limit is higher.',
    ],
  ])('is explained for status %i (%s)', async (code, errorCode, text) => {
    const { env } = await hubAndCache(status(code, errorCode));
    expect(await refusal('org/name', env)).toBe(text);
  });

  it.each([
    [
      403,
      'GatedRepo',
      `${terms} with the account that the token belongs to, and check that the token may read gated repositories.`,
    ],
    [
      401,
      undefined,
      'HUB does not give out the model org/name (status 401): it is private, or there is none of that name. ' +
        'Check the id, and that the token is valid and may read org/name.',
    ],
  ])('is explained to one who has a token, for status %i (%s)', async (code, errorCode, text) => {
    const { env } = await hubAndCache(status(code, errorCode));
    expect(await refusal('org/name', { ...env, HF_TOKEN: 'secret' })).toBe(text);
  });

  it('is explained when the revision does not exist', async () => {
    const { env } = await hubAndCache();
    expect(await refusal('org/name@v9', env)).toBe(
      'The model org/name on HUB has no revision v9. Choose a branch, tag or commit of HUB/org/name.',
    );
  });

  it('is explained when the connection is refused', async () => {
    const env = { HF_HUB_CACHE: await temporaryFolder(), HF_ENDPOINT: await closedEndpoint() };
    expect(await refusal('org/name', env)).toBe(
      'HUB cannot be reached (the connection was refused), so there is no answer about the model org/name. ' +
        'Check the connection and the proxy, set HF_ENDPOINT to a mirror that can be reached, or give the path of a folder that holds the model.',
    );
  });

  it('is explained when the address of the hub is none', async () => {
    expect(await refusal('org/name', { HF_ENDPOINT: 'not an address' })).toBe(
      'HUB is not the address of a hub. An address begins with https://; leave it empty for https://huggingface.co.',
    );
  });

  it('is explained when HF_HUB_OFFLINE is set', async () => {
    const env = { HF_HUB_CACHE: await temporaryFolder(), HF_HUB_OFFLINE: '1' };
    expect(await refusal('org/name', env)).toBe(
      'org/name is not in the Hugging Face cache (CACHE), and HF_HUB_OFFLINE forbids asking the hub. ' +
        'Unset HF_HUB_OFFLINE, or give the path of a folder that holds the model.',
    );
  });

  it('is explained when it has no weights', async () => {
    const { env } = await hubAndCache(undefined, { 'config.json': Buffer.from('{}') });
    expect(await refusal('org/name', env)).toBe(
      'org/name on HUB lacks config.json or weights (model.safetensors, pytorch_model.bin). ' +
        'Choose a model with weights for PyTorch; an adapter or a GGUF file needs its base model.',
    );
  });

  it.each<[string, string, string]>([
    [
      'a web page',
      '<!doctype html><title>log in</title>',
      'it is a web page instead of data, as a login page is',
    ],
    ['no JSON', 'what', 'its list of files cannot be read'],
    ['no commit', '{"id":"org/name","sha":"../../evil"}', 'its list of files cannot be read'],
  ])('is explained when the hub answers with %s', async (_, body, what) => {
    const { env, cache } = await hubAndCache((path, response) => {
      if (!path.includes('/revision/')) return false;
      response.end(body);
      return true;
    });
    expect(await refusal('org/name', env)).toContain(what);
    expect(await readdir(cache)).toEqual([]);
  });

  const again =
    'It was not kept. Start again: files that did arrive are kept. ' +
    'If it happens again, check the proxy or mirror between here and the hub.';

  it.each<[string, (response: Parameters<Override>[1], size: number) => void, string]>([
    [
      'shorter',
      (response) => void response.end('short'),
      'it has 5 of the 164004 bytes that the hub announced',
    ],
    [
      'longer',
      (response, size) => void response.end(Buffer.alloc(size + 1)),
      'it is longer than the 164004 bytes that the hub announced',
    ],
    [
      'longer than it says',
      (response, size) => {
        response.write(Buffer.alloc(size));
        response.end('and more');
      },
      'it is longer than the 164004 bytes that the hub announced',
    ],
    [
      'different',
      (response, size) => void response.end(Buffer.alloc(size)),
      "its hash is not the one on the hub's list",
    ],
  ])('is not kept when a file arrives %s', async (_, respond, reason) => {
    const { env, modelDir } = await hubAndCache((path, response) => {
      if (path !== '/lfs/org/name/model.safetensors') return false;
      respond(response, 164004);
      return true;
    });
    expect(await refusal('org/name', env)).toBe(
      `model.safetensors of org/name did not arrive as it is on the hub: ${reason}. ${again}`,
    );
    expect((await readdir(join(modelDir, 'blobs'))).length).toBe(3);
    expect(await readdir(modelDir)).not.toContain('refs');
  });

  it('is refused before a byte of it comes when the hub announces another hash', async () => {
    const { hub, env } = await hubAndCache((path, response) => {
      if (!path.endsWith('/model.safetensors') || path.startsWith('/lfs')) return false;
      response.setHeader('X-Linked-Etag', `"${'0'.repeat(64)}"`);
      response.writeHead(302, { Location: '/lfs/org/name/model.safetensors' }).end();
      return true;
    });
    expect(await refusal('org/name', env)).toContain('the hub announces another hash than on its list');
    expect(hub.requests.at(-1)).toBe('/lfs/org/name/model.safetensors');
  });

  it('is refused when it redirects in a circle or nowhere', async () => {
    for (const [location, what] of [
      ['/api/models/org/name/revision/main', 'it redirects in a circle'],
      ['ftp://hub/', 'it redirects nowhere'],
    ]) {
      const { env } = await hubAndCache((_, response) => {
        response.writeHead(302, { Location: location }).end();
        return true;
      });
      expect(await refusal('org/name', env)).toContain(what);
    }
  });

  it('is refused when the name of one of its files leads out of its folder', async () => {
    for (const name of ['../../../../evil.json', '/evil.json', 'a/../../evil', 'C:\\evil', '..']) {
      const { env, cache } = await hubAndCache(undefined, { [name]: Buffer.from('evil') });
      expect(await refusal('org/name', env)).toBe(
        `HUB lists a file of the model org/name whose name leads out of its folder: ${JSON.stringify(name)}. ` +
          'Nothing was fetched. Do not use it unless you trust who made it.',
      );
      expect(await readdir(cache)).toEqual([]);
    }
  });
});
