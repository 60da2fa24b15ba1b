import { describe, expect, it, vi } from 'vitest';
import { faultOf } from '../../engine/formats/test-support.ts';
import { commit, modelFiles } from '../../engine/hub/test-hub.ts';
import { type Override } from '../../engine/hub/test-hub-server.ts';
import { download, openModels, withHub } from './test-support.ts';

/** The golden model with a config.json that says something else. */
async function changedConfig(change: Record<string, unknown>): Promise<Record<string, Buffer>> {
  const files = await modelFiles();
  const config = JSON.parse(files['config.json']!.toString()) as Record<string, unknown>;
  return { ...files, 'config.json': Buffer.from(JSON.stringify({ ...config, ...change })) };
}

describe('the search of the hub', () => {
  it('shows what the hub says of each model, and what is on this machine', async () => {
    const facts = {
      pipeline_tag: 'text-classification',
      tags: ['license:mit'],
      config: { model_type: 'bert' },
      safetensors: { total: 41000 },
      gated: 'auto',
    };
    const files = await modelFiles();
    const models = await withHub({ models: { 'org/name': { files, info: facts }, 'org/other': { files } } });
    const found = await models.call('models/search', { query: 'ORG' });
    expect(found).toMatchObject({
      total: 2,
      items: [
        {
          hubId: 'org/name',
          downloads: 10,
          likes: 1,
          pipeline: 'text-classification',
          updatedAt: '2026-01-01T00:00:00.000Z',
          gated: true,
          licence: 'mit',
          architecture: 'bert',
          parameters: 41000,
          local: false,
        },
        { hubId: 'org/other', gated: false, licence: null, architecture: null, parameters: null },
      ],
    });
    await download(models, 'org/other');
    const again = await models.call('models/search', { query: 'o' });
    expect(again.items.map(({ hubId, local }) => [hubId, local])).toEqual([
      ['org/name', false],
      ['org/other', true],
    ]);
  });

  it('says of each model whether it can be trained, and of one that cannot what it is, why, and what is nearest', async () => {
    const named = (type: string) => ({ files: {}, info: { config: { model_type: type } } });
    const types = { bert: 'bert', doc: 'longformer', gpt: 'gpt2', eyes: 'vit', unheard: 'of' };
    const models = Object.fromEntries(Object.entries(types).map(([id, type]) => [`a/${id}`, named(type)]));
    const { call } = await withHub({ models });
    const { items } = await call('models/search', { query: 'a/' });
    const unsupported = Object.fromEntries(items.map((item) => [item.hubId, item.unsupported]));
    expect(unsupported['a/bert']).toBeNull();
    expect(unsupported['a/doc']).toMatch(
      /^a\/doc\/config\.json describes Longformer, model_type "longformer"\. Graft does not train it: its attention .*Nearest is ModernBERT/,
    );
    expect(unsupported['a/gpt']).toContain('it writes text');
    expect(unsupported['a/eyes']).toContain('it reads images');
    expect(unsupported['a/unheard']).toMatch(/of type "of"\. Choose a checkpoint .*: BERT/);
  });

  it('gives a page at a time and says whether there are further ones', async () => {
    const files = {};
    const models = await withHub({ models: { 'a/1': { files }, 'a/2': { files }, 'a/3': { files } } });
    const first = await models.call('models/search', { query: 'a', limit: 2 });
    expect(first.items.map(({ hubId }) => hubId)).toEqual(['a/1', 'a/2']);
    expect(first.total).toBe(3);
    const second = await models.call('models/search', { query: 'a', offset: 2, limit: 2 });
    expect(second).toMatchObject({ total: 3, items: [{ hubId: 'a/3' }] });
  });

  it('asks at the address of the settings, with the token of the key store, before those of the environment', async () => {
    const models = await withHub();
    vi.stubEnv('HF_ENDPOINT', 'http://127.0.0.1:9');
    vi.stubEnv('HF_TOKEN', 'from the environment');
    const { context, hub, call } = models;
    context.db
      .prepare("INSERT INTO settings (key, value) VALUES ('preferences', ?)")
      .run(JSON.stringify({ hubEndpoint: `${hub.endpoint}/` }));
    await call('models/search', { query: 'name' });
    await context.host.secrets.write('hub-token', 'from the key store');
    await call('models/search', { query: 'name' });
    expect(hub.tokens).toEqual(['Bearer from the environment', 'Bearer from the key store']);
  });

  it('is refused with words when the hub is not there, or told to stay alone', async () => {
    const { call } = await openModels();
    expect((await faultOf(() => call('models/search', { query: 'bert' }))).message).toMatch(
      /^http:\/\/127\.0\.0\.1:9 cannot be reached \(.*\), so there is no answer about the search for "bert"\.$/,
    );
    vi.stubEnv('HF_HUB_OFFLINE', '1');
    expect((await faultOf(() => call('models/search', { query: 'bert' }))).code).toBe('hub/asking-forbidden');
  });
});

describe('a model of the hub, before it is fetched', () => {
  it('is shown with its files and sizes, labels, licence and commit', async () => {
    const files = await changedConfig({
      architectures: ['BertForSequenceClassification'],
      id2label: { 0: 'bad', 1: 'good' },
    });
    const facts = { cardData: { license: 'apache-2.0' }, tags: ['license:mit'] };
    const { call } = await withHub({ models: { 'org/name': { files, info: facts } } });
    const { model } = await call('models/hub-info', { hubId: 'org/name' });
    expect(model).toMatchObject({
      hubId: 'org/name',
      revision: commit,
      licence: 'apache-2.0',
      architecture: 'bert',
      labels: ['bad', 'good'],
      supported: true,
      unsupported: null,
      gated: false,
      gateUrl: null,
      local: false,
    });
    expect(model.files.map(({ path }) => path)).toEqual([
      'config.json',
      'tokenizer.json',
      'tokenizer_config.json',
      'model.safetensors',
    ]);
    expect(model.files.every(({ cached }) => !cached)).toBe(true);
    expect(model.bytes).toBe(model.files.reduce((sum, { bytes }) => sum + bytes, 0));
  });

  it('is shown as gated with the page to accept its terms at, and what is known without its files', async () => {
    const facts = { gated: 'manual', config: { model_type: 'bert' } };
    const override: Override = (path, response) => {
      if (!path.includes('/resolve/')) return false;
      response.writeHead(401, { 'X-Error-Code': 'GatedRepo' }).end('{}');
      return true;
    };
    const models = await withHub({
      models: { 'org/name': { files: await modelFiles(), info: facts } },
      override,
    });
    const { model } = await models.call('models/hub-info', { hubId: 'org/name' });
    expect(model).toMatchObject({
      gated: true,
      gateUrl: `${models.hub.endpoint}/org/name`,
      architecture: 'bert',
      labels: null,
      supported: true,
    });
    const job = await download(models, 'org/name');
    expect(job.state).toBe('failed');
    expect(job.fault).toMatchObject({
      code: 'hub/gated',
      remedy: `Accept them at ${models.hub.endpoint}/org/name, then put a token of that account into Settings (or HF_TOKEN).`,
    });
  });

  it('is shown with the reason when it cannot be trained, and then not fetched', async () => {
    const files = await changedConfig({ model_type: 'funnel' });
    const models = await withHub({ models: { 'org/name': { files } } });
    const { model } = await models.call('models/hub-info', { hubId: 'org/name' });
    expect(model).toMatchObject({ supported: false, architecture: 'funnel' });
    expect(model.unsupported).toMatch(
      /^org\/name\/config\.json describes Funnel Transformer, model_type "funnel"\./,
    );
    const job = await download(models, 'org/name');
    expect(job.fault?.message).toBe('org/name cannot be trained here, so it is not downloaded.');
    expect(models.hub.requests).not.toContain('/lfs/org/name/model.safetensors');
  });

  it('with code of its own or a tokenizer in Python is shown with the reason, and then not fetched', async () => {
    const code = await changedConfig({ model_type: 'new', auto_map: { AutoModel: 'modeling.NewModel' } });
    const files = await modelFiles();
    const tweets = {
      ...files,
      'tokenizer_config.json': Buffer.from('{"tokenizer_class":"BertweetTokenizer"}'),
    };
    const models = await withHub({ models: { 'a/code': { files: code }, 'a/tweets': { files: tweets } } });
    const reason = async (hubId: string) =>
      (await models.call('models/hub-info', { hubId })).model.unsupported;
    expect(await reason('a/code')).toContain('its code comes with the checkpoint, and Graft runs none');
    expect(await reason('a/tweets')).toMatch(
      /^a\/tweets\/tokenizer_config\.json is for BertweetTokenizer, which is written in Python/,
    );
    const job = await download(models, 'a/tweets');
    expect(job.fault?.code).toBe('models/not-trainable');
    expect(models.hub.requests).not.toContain('/lfs/a/tweets/model.safetensors');
  });

  it('without weights is shown as such', async () => {
    const { call } = await withHub({ models: { 'org/name': { files: { 'README.md': Buffer.from('x') } } } });
    const { model } = await call('models/hub-info', { hubId: 'org/name' });
    expect(model).toMatchObject({ supported: false, files: [], bytes: 0 });
    expect(model.unsupported).toContain('lacks config.json or weights');
  });

  it.each([
    ['no/such', 'hub/not-found'],
    ['org/name@nowhere', 'hub/no-revision'],
    ['../up', 'hub/not-an-id'],
  ])('%s is refused with %s', async (hubId, code) => {
    const { call } = await withHub();
    expect((await faultOf(() => call('models/hub-info', { hubId }))).code).toBe(code);
  });
});
