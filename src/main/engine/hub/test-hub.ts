import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { z } from 'zod';
import { faultOf, golden, temporaryFolder, textOf } from '../formats/test-support.ts';
import { resolveModel } from './resolve-model.ts';
import { serveHub, type Override, type TestHub, type TestHubContents } from './test-hub-server.ts';

export { commit, type Override, type TestHub } from './test-hub-server.ts';

/** A hub that ends with the test. */
export async function startHub(contents: TestHubContents): Promise<TestHub> {
  const hub = await serveHub(contents);
  onTestFinished(() => hub.close());
  return hub;
}

export const bert = join(golden, 'seed1/models/bert');

export async function modelFiles(): Promise<Record<string, Buffer>> {
  const names = ['config.json', 'model.safetensors', 'tokenizer.json', 'tokenizer_config.json'];
  const files = await Promise.all(
    names.map(async (name) => [name, await readFile(join(bert, name))] as const),
  );
  const unneeded = { 'README.md': Buffer.from('# card'), 'tf_model.h5': Buffer.alloc(5000) };
  return { ...Object.fromEntries(files), 'pytorch_model.bin': Buffer.alloc(2000), ...unneeded };
}

/** A hub with one model, `org/name`, the golden one unless `files` are given, and an empty cache that belongs to it. */
export async function hubAndCache(override?: Override, files?: Record<string, Buffer>) {
  const models = { 'org/name': { files: files ?? (await modelFiles()) } };
  const hub = await startHub({ models, revisions: ['v2'], ...(override && { override }) });
  const cache = await temporaryFolder();
  // The token file of whoever runs the tests stays out of it.
  const env = { HF_HUB_CACHE: cache, HF_ENDPOINT: hub.endpoint, HF_HUB_DISABLE_IMPLICIT_TOKEN: '1' };
  return { hub, cache, env, modelDir: join(cache, 'models--org--name') };
}

/** What a person reads; the places that differ from run to run are named. */
export async function refusal(model: string, env: NodeJS.ProcessEnv): Promise<string> {
  const text = textOf(await faultOf(() => resolveModel(model, { env, retryWaits: [0] })), '\0');
  const { HF_ENDPOINT: endpoint = '\0', HF_HUB_CACHE: cache = '\0' } = env;
  return text.replaceAll(endpoint, 'HUB').replaceAll(cache, 'CACHE');
}

/** An address at which nothing listens any more. */
export async function closedEndpoint(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = z.object({ port: z.number() }).parse(server.address());
  await new Promise((resolve) => server.close(resolve));
  return `http://127.0.0.1:${port}`;
}
