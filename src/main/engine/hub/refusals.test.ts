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
  const gated =
    'it is private or gated, or there is none of that name. ' +
    'Accept the terms on the page of the model, and set HF_TOKEN to a token that may read it.';
  const unknown =
    'HUB has no model org/name, and there is no folder of that name. ' +
    'Check the spelling: an id is written organisation/name, upper and lower case as on the page of the model.';

  it.each([
    [404, undefined, unknown],
    [401, 'RepoNotFound', unknown],
    [401, undefined, `HUB does not give out org/name (status 401): ${gated}`],
    [403, 'GatedRepo', `HUB does not give out org/name (status 403): ${gated}`],
    [
      500,
      undefined,
      'HUB gave an unusable answer about org/name: status 500. Try again later; check HF_ENDPOINT if it is set.',
    ],
    [
      429,
      undefined,
      'HUB gave an unusable answer about org/name: it has had too many requests (status 429). ' +
        'Try again later; check HF_ENDPOINT if it is set.',
    ],
  ])('is explained for status %i (%s)', async (code, errorCode, text) => {
    const { env } = await hubAndCache(status(code, errorCode));
    expect(await refusal('org/name', env)).toBe(text);
  });

  it('is explained when the connection is refused', async () => {
    const env = { HF_HUB_CACHE: await temporaryFolder(), HF_ENDPOINT: await closedEndpoint() };
    expect(await refusal('org/name', env)).toBe(
      'HUB cannot be reached (the connection was refused), and org/name is not in the Hugging Face cache. ' +
        'Check the connection, set HF_ENDPOINT to a mirror that can be reached, or give the path of a folder that holds the model.',
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

  it.each<[string, string]>([
    ['no JSON', '<html>log in</html>'],
    ['no commit', '{"id":"org/name","sha":"../../evil"}'],
  ])('is explained when the hub answers with %s', async (_, body) => {
    const { env, cache } = await hubAndCache((path, response) => {
      if (!path.includes('/revision/')) return false;
      response.end(body);
      return true;
    });
    expect(await refusal('org/name', env)).toContain('its list of files cannot be read');
    expect(await readdir(cache)).toEqual([]);
  });

  const again = 'It was not kept. Start again: files that did arrive are kept and not fetched twice.';

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
      'different',
      (response, size) => void response.end(Buffer.alloc(size)),
      "its hash is not the one on the hub's list",
    ],
    [
      'cut',
      (response, size) => {
        response.setHeader('Content-Length', size);
        response.write('beginning', () => void response.destroy());
      },
      'the connection was cut',
    ],
  ])('is not kept when a file arrives %s', async (_, respond, reason) => {
    const { env, modelDir } = await hubAndCache((path, response) => {
      if (path !== '/lfs/model.safetensors') return false;
      respond(response, 164004);
      return true;
    });
    expect(await refusal('org/name', env)).toBe(
      `model.safetensors of org/name did not arrive whole: ${reason}. ${again}`,
    );
    expect((await readdir(join(modelDir, 'blobs'))).length).toBe(3);
    expect(await readdir(modelDir)).not.toContain('refs');
  });
});
