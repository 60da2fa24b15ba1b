import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished, test } from 'vitest';
import { specSchema } from '../src/shared/contract/experiments.ts';
import { Content, temporaryFolder } from './content.ts';
import { hosts } from './hosts/index.ts';

const folder = fileURLToPath(new URL('../docs/screenshots/', import.meta.url));

/** A workspace as a person has it after an hour: the sample, and some experiments with it. */
async function sampleWorkspace(workspace: string): Promise<{
  data: string;
  model: string;
  experiment: string;
  other: string;
  adapter: string;
  exported: string;
}> {
  return Content.fill(workspace, async (content) => {
    await content.finished((await content.call('system/open-sample', {})).jobId);
    const spec = specSchema.parse((await content.call('experiments/read-draft', {})).spec);
    const experiment = await content.run({ ...spec, name: 'Spam, LoRA r=16', tags: ['baseline'] });
    const headOnly = { ...spec, adapter: { peft_type: 'HEAD_ONLY' } };
    const other = await content.run({ ...headOnly, name: 'Spam, head only' });
    const exported = await content.export(experiment, path.join(workspace, 'exports/spam'), [
      'hf',
      'peft',
      'onnx',
      'onnx-int8',
      'savedmodel',
    ]);
    const { adapterId } = await content.call('experiments/read', { id: experiment });
    await content.call('experiments/update', { id: experiment, starred: true, notes: 'The one to beat.' });
    const { datasets } = await content.call('datasets/list', {});
    await content.call('datasets/report', {
      versionId: spec.versionId,
      modelId: spec.modelId,
      maxLength: 128,
    });
    await content.call('experiments/save-draft', { spec });
    const ids = { data: datasets[0]!.id, model: spec.modelId, experiment, other };
    return { ...ids, adapter: adapterId!, exported };
  });
}

/** The width of the manual's pictures, and the ends of what people have. */
const sizes = [
  { width: 1440, height: 900, suffix: '' },
  { width: 1280, height: 800, suffix: '-1280' },
  { width: 1920, height: 1080, suffix: '-1920' },
];

test('every page, in light and dark, as narrow and as wide as windows are', async () => {
  await mkdir(folder, { recursive: true });
  const workspace = await temporaryFolder();
  const empty = await hosts[0]!.open(await temporaryFolder());
  await empty.page.getByRole('main').getByRole('heading').first().waitFor();
  await empty.page.screenshot({ path: path.join(folder, 'home-empty-light.png') });
  await empty.close();

  const { data, model, experiment, other, adapter, exported } = await sampleWorkspace(workspace);
  const pages: Record<string, string> = {
    home: '/',
    data: '/data',
    'data-import': '/data/import',
    'data-set': `/data/${data}/report`,
    'data-rows': `/data/${data}/rows`,
    'data-label-errors': `/data/${data}/label-errors`,
    'data-splits': `/data/${data}/splits`,
    'data-versions': `/data/${data}/versions`,
    models: '/models',
    model: `/models/${model}`,
    experiments: '/experiments',
    'new-experiment': '/experiments/new',
    experiment: `/experiments/${experiment}`,
    evaluation: `/experiments/${experiment}/evaluation`,
    configuration: `/experiments/${experiment}/configuration`,
    log: `/experiments/${experiment}/log`,
    'compare-pick': '/compare',
    compare: `/compare?ids=${experiment},${other}`,
    disagreements: `/compare/disagreements?ids=${experiment},${other}`,
    slices: `/compare/slices?ids=${experiment},${other}`,
    adapters: '/adapters',
    adapter: `/adapters/${adapter}`,
    'merge-and-export': `/exports/new?experiment=${experiment}`,
    exports: '/exports',
    export: `/exports/${exported}`,
    playground: `/playground?experiment=${experiment}`,
    settings: '/settings',
    'settings-storage': '/settings/storage',
  };
  const session = await hosts[0]!.open(workspace);
  onTestFinished(() => session.close());
  const { page } = session;
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    for (const [name, address] of Object.entries(pages)) {
      await page.setViewportSize(sizes[0]!);
      await page.goto(session.address(address));
      await page.getByRole('main').getByRole('heading').first().waitFor();
      await page.waitForLoadState('networkidle');
      await page.waitForFunction(() => document.querySelector('[aria-busy="true"]') === null);
      // Charts and reports come a moment after their page.
      await page.waitForTimeout(1500);
      for (const { suffix, ...size } of sizes) {
        await page.setViewportSize(size);
        // Charts follow the width.
        await page.waitForTimeout(suffix === '' ? 0 : 400);
        await page.screenshot({ path: path.join(folder, `${name}${suffix}-${colorScheme}.png`) });
      }
    }
  }
});
