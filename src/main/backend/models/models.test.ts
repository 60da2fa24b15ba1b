import { createHash } from 'node:crypto';
import { cp, mkdir, readFile, rename, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { faultOf, temporaryFolder } from '../../engine/formats/test-support.ts';
import { torchZip } from '../../engine/formats/torch/test-zip.ts';
import { resolveModel } from '../../engine/hub/resolve-model.ts';
import { bert } from '../../engine/hub/test-hub.ts';
import { hashed, openModels, ownModel } from './test-support.ts';

const sha256 = async (file: string) =>
  createHash('sha256')
    .update(await readFile(file))
    .digest('hex');

describe('a model from a folder', () => {
  it('is listed with what its files say, and with the hash of its weights once that is made', async () => {
    const models = await openModels();
    const { model } = await models.call('models/add-folder', { folder: bert });
    expect(model).toMatchObject({
      name: 'bert',
      source: 'folder',
      present: true,
      problem: null,
      architecture: 'bert',
      supported: true,
      unsupported: null,
      headLabels: expect.any(Array) as string[],
      experiments: 0,
    });
    expect(model.parameters).toBeGreaterThan(10_000);
    expect(model.layers).toBeGreaterThan(0);
    expect((await hashed(models)).sha256).toBe(await sha256(join(bert, 'model.safetensors')));
    expect((await models.call('jobs/list', {})).jobs).toEqual([]);
  });

  it('is hashed when it is one of several too', async () => {
    const models = await openModels();
    const first = await models.call('models/add-folder', { folder: bert });
    const second = await models.call('models/add-folder', { folder: await ownModel() });
    for (;;) {
      const changed = models.next('models/changed');
      const { models: all } = await models.call('models/list', {});
      if (all.every(({ sha256: hash }) => hash !== null)) break;
      await changed;
    }
    expect(first.model.id).not.toBe(second.model.id);
  });

  it('is one model, however often it is added', async () => {
    const { call } = await openModels();
    const first = await call('models/add-folder', { folder: bert });
    const second = await call('models/add-folder', { folder: `${bert}/../bert` });
    expect(second.model.id).toBe(first.model.id);
    expect((await call('models/list', {})).models.length).toBe(1);
  });

  it('may be one in which sentence-transformers gave the weights a folder of their own', async () => {
    const folder = join(await temporaryFolder(), 'sentences');
    await mkdir(folder);
    await cp(bert, join(folder, '0_Transformer'), { recursive: true });
    await writeFile(join(folder, 'modules.json'), JSON.stringify([{ path: '0_Transformer', type: 'T' }]));
    const { call } = await openModels();
    const { model } = await call('models/add-folder', { folder });
    expect(model).toMatchObject({ name: 'sentences', supported: true, present: true });
    expect(await resolveModel(folder)).toBe(join(folder, '0_Transformer'));
  });

  it('shows its tree, parents first, with the parameters below each module', async () => {
    const { call } = await openModels();
    const { model } = await call('models/add-folder', { folder: bert });
    const { tree, licenceText } = await call('models/read', { id: model.id });
    expect(licenceText).toBeNull();
    expect(tree[0]).toMatchObject({ path: 'bert', name: 'bert', type: 'BertModel', depth: 0, shape: null });
    const byPath = new Map(tree.map((node) => [node.path, node]));
    const query = byPath.get('bert.encoder.layer.0.attention.self.query')!;
    expect(query).toMatchObject({ type: 'Linear', adaptable: true, newlyInitialized: false, depth: 6 });
    expect(query.parameters).toBe(query.shape![0]! * query.shape![1]! + query.shape![0]!);
    expect(byPath.get('classifier')).toMatchObject({ type: 'Linear', adaptable: false });
    const top = tree.filter(({ depth }) => depth === 0).reduce((sum, { parameters }) => sum + parameters, 0);
    expect(top).toBe(model.parameters);
  });

  it('names its licence where its files do', async () => {
    const { call } = await openModels();
    const folder = await ownModel();
    await writeFile(join(folder, 'README.md'), '---\nlicense: mit\ntags: [a]\n---\n# card\n');
    await writeFile(join(folder, 'LICENSE'), 'MIT License');
    const { model } = await call('models/add-folder', { folder });
    expect(model.licence).toBe('mit');
    expect((await call('models/read', { id: model.id })).licenceText).toBe('MIT License');
  });

  it('of an architecture that cannot be trained is listed with the reason', async () => {
    const { call } = await openModels();
    const folder = await ownModel();
    const config = await readFile(join(folder, 'config.json'), 'utf8');
    await writeFile(
      join(folder, 'config.json'),
      config.replace('"model_type": "bert"', '"model_type": "gpt2"'),
    );
    const { model } = await call('models/add-folder', { folder });
    expect(model).toMatchObject({ architecture: 'gpt2', supported: false, present: true, headLabels: null });
    expect(model.unsupported).toMatch(
      /describes GPT-2, model_type "gpt2"\. Graft does not train it: it writes text/,
    );
    expect(model.unsupported).toContain(join(folder, 'config.json'));
    expect((await call('models/read', { id: model.id })).tree).toEqual([]);
  });
});

describe('a folder that holds no sound model is refused with words', () => {
  const refusal = async (folder: string) => {
    const { call } = await openModels();
    const fault = await faultOf(() => call('models/add-folder', { folder }));
    expect((await call('models/list', {})).models).toEqual([]);
    return fault.message;
  };

  it('when it is empty, a file or not there', async () => {
    const empty = await temporaryFolder();
    expect(await refusal(empty)).toBe(`${join(empty, 'config.json')} does not exist.`);
    expect(await refusal(join(empty, 'gone'))).toBe(`${join(empty, 'gone')} does not exist.`);
    expect(await refusal(join(bert, 'config.json'))).toContain('config.json');
  });

  it('when its weights are a pickle with code, of which nothing is run', async () => {
    const folder = await ownModel();
    await rm(join(folder, 'model.safetensors'));
    await writeFile(join(folder, 'pytorch_model.bin'), malicious(`touch ${join(folder, 'ran')}`));
    expect(await refusal(folder)).toMatch(
      /asks for posix\.system, which is not part of a tensor\. Nothing in the file was run\./,
    );
    await expect(stat(join(folder, 'ran'))).rejects.toThrow('ENOENT');
  });

  it('when its header claims more than there is', async () => {
    const folder = await ownModel();
    const weights = await readFile(join(folder, 'model.safetensors'));
    weights.writeBigUInt64LE(2n ** 62n);
    await writeFile(join(folder, 'model.safetensors'), weights);
    expect(await refusal(folder)).toContain('its first eight bytes are not the length of a header');
    weights.writeBigUInt64LE(99_000_000n);
    await writeFile(join(folder, 'model.safetensors'), weights);
    expect(await refusal(folder)).toContain('is cut short');
  });

  it('when its figures are absurd', async () => {
    const folder = await ownModel();
    const config = await readFile(join(folder, 'config.json'), 'utf8');
    await writeFile(
      join(folder, 'config.json'),
      config.replace(/"num_hidden_layers": \d+/, '"num_hidden_layers": 1e9'),
    );
    expect(await refusal(folder)).toContain('num_hidden_layers cannot be used');
  });

  it('when one of its files is a link that leads out of it', async () => {
    const folder = await ownModel();
    const outside = join(await temporaryFolder(), 'secret.json');
    await rename(join(folder, 'config.json'), outside);
    await symlink(outside, join(folder, 'config.json'));
    expect(await refusal(folder)).toBe(
      `${join(folder, 'config.json')} is a link that leads out of its folder, to ${outside}.`,
    );
  });
});

describe('a model whose folder changes', () => {
  it('is shown as gone while its folder is, and as before when that is back', async () => {
    const models = await openModels();
    const folder = await ownModel();
    const { model } = await models.call('models/add-folder', { folder });
    await hashed(models);
    await rename(folder, `${folder}-moved`);
    const read = await models.call('models/read', { id: model.id });
    expect(read.model).toMatchObject({
      present: false,
      problem: `The folder ${folder} is gone. Put it back, or download the model again.`,
    });
    expect(read.tree).toEqual([]);
    const fault = await faultOf(() => models.call('models/tokenize', { id: model.id, text: 'a' }));
    expect(fault.code).toBe('models/missing');
    await rename(`${folder}-moved`, folder);
    expect((await models.call('models/list', {})).models[0]).toMatchObject({ present: true, problem: null });
  });

  it('is shown as gone when only its weights are', async () => {
    const { call } = await openModels();
    const folder = await ownModel();
    await call('models/add-folder', { folder });
    await rm(join(folder, 'model.safetensors'));
    expect((await call('models/list', {})).models[0]!.problem).toContain('model.safetensors is gone from');
  });

  it('stays as it is when its weights were only touched', async () => {
    const models = await openModels();
    const folder = await ownModel();
    await models.call('models/add-folder', { folder });
    const { sha256: before } = await hashed(models);
    await utimes(join(folder, 'model.safetensors'), 1, 1);
    const checked = models.next('models/changed');
    await models.call('models/list', {});
    await checked;
    const { models: after } = await models.call('models/list', {});
    expect(after).toMatchObject([{ present: true, problem: null, sha256: before }]);
    expect((await models.call('jobs/list', {})).jobs).toEqual([]);
  });

  it('is shown as changed when its weights are others, and can be added anew beside the former', async () => {
    const models = await openModels();
    const folder = await ownModel();
    const { model } = await models.call('models/add-folder', { folder });
    const { sha256: before } = await hashed(models);
    const file = join(folder, 'model.safetensors');
    const weights = await readFile(file);
    const other = Buffer.from(weights);
    other.writeFloatLE(0.5, other.length - 4);
    await writeFile(file, other);
    const checked = models.next('models/changed');
    await models.call('models/list', {});
    await checked;
    const [changed] = (await models.call('models/list', {})).models;
    expect(changed).toMatchObject({ id: model.id, present: false, sha256: before });
    expect(changed!.problem).toContain(`The weights in ${folder} are not those that tiny was added with.`);

    const again = await models.call('models/add-folder', { folder });
    expect(again.model.id).not.toBe(model.id);
    expect(again.model.present).toBe(true);
    await writeFile(file, weights);
    await hashedBoth();
    const back = (await models.call('models/list', {})).models.find(({ id }) => id === model.id);
    expect(back).toMatchObject({ present: true, problem: null });

    async function hashedBoth(): Promise<void> {
      for (;;) {
        const told = models.next('models/changed');
        const { models: all } = await models.call('models/list', {});
        if (all.find(({ id }) => id === model.id)!.present && all.every((one) => one.sha256 !== null)) {
          const { jobs } = await models.call('jobs/list', {});
          if (jobs.length === 0) return;
        }
        await told;
      }
    }
  });
});

describe('a model that is removed', () => {
  it('leaves the list, keeps its files and comes back when that is undone or it is added again', async () => {
    const { call } = await openModels();
    const folder = await ownModel();
    const { model } = await call('models/add-folder', { folder });
    await call('models/remove', { id: model.id });
    expect((await call('models/list', {})).models).toEqual([]);
    await stat(join(folder, 'model.safetensors'));
    await call('models/restore', { id: model.id });
    expect((await call('models/list', {})).models.length).toBe(1);
    await call('models/remove', { id: model.id });
    expect((await call('models/add-folder', { folder })).model.id).toBe(model.id);
    expect((await faultOf(() => call('models/restore', { id: 'none' }))).code).toBe('store/unknown');
    expect((await faultOf(() => call('models/read', { id: 'none' }))).code).toBe('store/unknown');
  });

  it('keeps files that are not in the Hugging Face cache, even when asked to delete them', async () => {
    const { call, cache } = await openModels();
    const folder = await ownModel();
    const { model } = await call('models/add-folder', { folder });
    const fault = await faultOf(() => call('models/remove', { id: model.id, deleteFiles: true }));
    expect(fault.message).toBe(
      `${folder} is not in the Hugging Face cache (${cache}); Graft deletes no files elsewhere.`,
    );
    await stat(join(folder, 'model.safetensors'));
    expect((await call('models/list', {})).models.length).toBe(1);
  });

  it('stays while an experiment needs it', async () => {
    const { call, context } = await openModels();
    const { model } = await call('models/add-folder', { folder: bert });
    context.db
      .prepare(
        `INSERT INTO experiments (id, name, state, model_id, model_name, data_name, method, seed, precision, config, folder, created_at)
         VALUES ('e', 'first try', 'queued', ?, 'bert', 'd', 'LORA', 42, 'fp32', '{}', 'f', 0)`,
      )
      .run(model.id);
    expect((await call('models/list', {})).models[0]!.experiments).toBe(1);
    const fault = await faultOf(() => call('models/remove', { id: model.id }));
    expect(fault.message).toBe('bert is needed by first try.');
  });
});

/** A file as torch.save writes it, but for its pickle, which would run a command. */
const malicious = (marker: string): Buffer =>
  torchZip(
    Buffer.from(
      `\x80\x02cposix\nsystem\n(X${String.fromCharCode(marker.length)}\0\0\0${marker}tR.`,
      'latin1',
    ),
  );
