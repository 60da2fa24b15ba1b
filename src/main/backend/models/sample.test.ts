import { cp, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { faultOf } from '../../engine/formats/test-support.ts';
import { bert, commit, modelFiles } from '../../engine/hub/test-hub.ts';
import { addSampleModel } from './sample.ts';
import { openModels, withHub } from './test-support.ts';

const id = 'sentence-transformers/all-MiniLM-L6-v2';

describe("the sample's model", () => {
  it('is the copy in the Hugging Face cache, added once', async () => {
    const { context, cache, call } = await openModels();
    const model = join(cache, 'models--sentence-transformers--all-MiniLM-L6-v2');
    const snapshot = join(model, 'snapshots', commit);
    await mkdir(join(model, 'blobs'), { recursive: true });
    await mkdir(snapshot, { recursive: true });
    for (const name of ['config.json', 'model.safetensors', 'tokenizer.json']) {
      await cp(join(bert, name), join(model, 'blobs', name));
      await symlink(join('../../blobs', name), join(snapshot, name));
    }
    const added = await addSampleModel(context);
    expect(added).toMatchObject({
      name: id,
      hubId: id,
      source: 'sample',
      folder: snapshot,
      licence: 'apache-2.0',
    });
    expect((await addSampleModel(context)).id).toBe(added.id);
    expect((await call('models/list', {})).models.length).toBe(1);
  });

  it('is else the copy that set-up fetched', async () => {
    const { context, cache } = await openModels();
    const folder = join(cache, 'graft', 'all-minilm-l6-v2-0.1.0');
    await cp(bert, folder, { recursive: true });
    expect(await addSampleModel(context)).toMatchObject({ source: 'sample', folder });
  });

  it('is else fetched from the hub by the job that waits for it', async () => {
    const { context } = await withHub({ models: { [id]: { files: await modelFiles() } } });
    const job = context.jobs.start({
      kind: 'import',
      title: 'The sample',
      work: async (control) => (await addSampleModel(context, control)).name,
    });
    expect(await context.jobs.finished(job.id)).toMatchObject({ state: 'done', result: id });
  });

  it('is missed with words when it is nowhere', async () => {
    const { context, cache } = await openModels();
    expect((await faultOf(() => addSampleModel(context))).code).toBe('models/no-sample');
    await mkdir(join(cache, 'graft', 'all-minilm-l6-v2-0.1.0'), { recursive: true });
    await writeFile(join(cache, 'graft', 'all-minilm-l6-v2-0.1.0', 'config.json'), '{}');
    const job = context.jobs.start({
      kind: 'import',
      title: 'The sample',
      work: async (control) => (await addSampleModel(context, control)).name,
    });
    const { fault } = await context.jobs.finished(job.id);
    expect(fault).toMatchObject({ code: 'models/no-sample' });
    expect(fault?.message).toMatch(
      /^The sample's model, all-MiniLM-L6-v2, is not on this machine: .* cannot be reached/,
    );
  });
});
