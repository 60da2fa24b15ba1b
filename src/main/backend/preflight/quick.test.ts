import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { InputOf } from '../../../shared/contract.ts';
import type { Preflight, PreflightFinding } from '../../../shared/contract/experiments.ts';
import { golden } from '../../engine/formats/test-support.ts';
import { testBackend, type TestBackend } from '../test-support.ts';
import { storeModel, storeRows, texts, type TestRow } from './test-support.ts';

type Spec = InputOf<'experiments/preflight'>['spec'];

const lora = {
  peft_type: 'LORA',
  task_type: 'SEQ_CLS',
  r: 4,
  lora_alpha: 8,
  target_modules: ['query', 'value'],
};
const sound = {
  learning_rate: 1e-3,
  seed: 42,
  eval_strategy: 'epoch',
  save_strategy: 'epoch',
  save_total_limit: 1,
};
const rows = [...texts(200, ['ham', 'spam'], 'train'), ...texts(100, ['spam', 'ham'], 'test', 500)];

async function started(stored: readonly TestRow[] = rows): Promise<{ backend: TestBackend; spec: Spec }> {
  const backend = await testBackend();
  const spec: Spec = {
    modelId: storeModel(backend.context),
    versionId: storeRows(backend.context, stored),
    data: { trainSplit: 'train', evalSplit: 'test' },
    adapter: lora,
    training: sound,
  };
  return { backend, spec };
}

const ask = (backend: TestBackend, spec: Spec): Promise<Preflight> =>
  backend.call('experiments/preflight', { spec });

function found(preflight: Preflight, code: string): PreflightFinding {
  const finding = preflight.findings.find((other) => other.code === code);
  if (!finding)
    throw new Error(`No ${code} among ${preflight.findings.map((other) => other.code).join(', ')}.`);
  return finding;
}

/** RFC 7396, as the window applies a repair. */
function merged(target: unknown, patch: Record<string, unknown>): Record<string, unknown> {
  const before = typeof target === 'object' && target !== null ? Object.entries(target) : [];
  const result: Record<string, unknown> = Object.fromEntries(before.filter(([key]) => patch[key] !== null));
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) continue;
    if (typeof value === 'object' && !Array.isArray(value)) {
      result[key] = merged(result[key], value as Record<string, unknown>);
    } else result[key] = value;
  }
  return result;
}

/** The pre-flight after a finding's repair. */
async function repaired(backend: TestBackend, spec: Spec, { repair }: PreflightFinding): Promise<Preflight> {
  expect(repair?.patch).toBeTruthy();
  return ask(backend, merged(spec, repair!.patch!) as unknown as Spec);
}

describe('the quick part of a pre-flight', () => {
  it('gives the figures of a sound experiment, and lets it start', async () => {
    const { backend, spec } = await started();
    const preflight = await ask(backend, spec);
    expect(preflight).toMatchObject({ trainRows: 200, evalRows: 100, steps: 75, canStart: true });
    expect(preflight.trainable).toBeGreaterThan(0);
    expect(preflight.allParameters).toBeGreaterThan(preflight.trainable!);
    expect(preflight.adapterBytes).toBeGreaterThan(4 * preflight.trainable!);
    expect(preflight.diskBytes).toBeGreaterThan(preflight.adapterBytes!);
    expect(preflight.findings.filter(({ weight }) => weight === 'error' || weight === 'warning')).toEqual([]);
    expect(found(preflight, 'truncation').weight).toBe('good');
  });

  it('counts the rows that are set aside, of every class its share', async () => {
    const { backend, spec } = await started();
    const preflight = await ask(backend, { ...spec, data: { split: { test_size: 0.2, seed: 1 } } });
    expect(preflight).toMatchObject({ trainRows: 240, evalRows: 60 });
  });

  it('says that rows that do not exist cannot be taken', async () => {
    const { backend, spec } = await started();
    const asked = { ...spec, data: { ...spec.data, trainSelect: { shuffle_seed: 42, count: 900 } } };
    const preflight = await ask(backend, asked);
    const finding = found(preflight, 'data/select-count');
    expect(preflight.canStart).toBe(false);
    expect((await repaired(backend, asked, finding)).canStart).toBe(true);
  });

  const refused: [string, Partial<Spec>, string][] = [
    ['inference_mode', { adapter: { ...lora, inference_mode: true } }, 'inference-mode'],
    [
      'targets that match nothing',
      { adapter: { ...lora, target_modules: ['qurey', 'valeu'] } },
      'peft/no-target',
    ],
    [
      'a module that is not there',
      { adapter: { ...lora, modules_to_save: ['clasifier'] } },
      'peft/no-module',
    ],
    ['a setting out of its range', { training: { ...sound, learning_rate: -1 } }, 'settings/value'],
    ['a setting that does not exist', { training: { ...sound, learning_rat: 1 } }, 'settings/unknown'],
    ['an empty split to evaluate', { data: { trainSplit: 'train', evalSplit: 'none' } }, 'empty-eval-split'],
    ['an empty split to train on', { data: { trainSplit: 'none', evalSplit: 'test' } }, 'no-train-rows'],
  ];
  it(`refuses ${refused.map(([what]) => what).join(', ')}, and offers repairs that mend it`, async () => {
    const { backend, spec } = await started();
    for (const [what, change, code] of refused) {
      const broken = { ...spec, ...change };
      const preflight = await ask(backend, broken);
      const finding = found(preflight, code);
      expect([what, finding.weight, preflight.canStart]).toEqual([what, 'error', false]);
      const after = await repaired(backend, broken, finding);
      expect(after.findings.map((finding) => finding.code)).not.toContain(code);
      expect([what, after.canStart]).toEqual([what, true]);
    }
  });

  it('counts what each architecture trains where no target is named, and says what cannot be chosen on it', async () => {
    const { backend, spec } = await started();
    const of = (type: string): Spec => {
      const modelId = storeModel(backend.context, join(golden, 'seed1/models', type));
      return { ...spec, modelId, adapter: { ...lora, target_modules: null } };
    };
    const trainable: Record<string, number> = {};
    for (const type of ['roberta', 'distilbert', 'deberta-v2', 'albert', 'modernbert']) {
      const preflight = await ask(backend, of(type));
      expect([type, preflight.canStart]).toEqual([type, true]);
      trainable[type] = preflight.trainable!;
      const fused = preflight.findings.filter(({ code }) => code === 'fused-attention');
      expect(fused).toHaveLength(type === 'modernbert' ? 1 : 0);
    }
    // A and B of rank 4 at query and value of each layer (ALBERT's share them), and the head for two labels.
    expect(trainable).toMatchObject({
      roberta: 2 * 2 * 4 * 64 + (32 * 32 + 32) + 2 * 33,
      distilbert: 2 * 2 * 4 * 64 + (32 * 32 + 32) + 2 * 33,
      'deberta-v2': 2 * 2 * 4 * 64 + 2 * 33,
      albert: 2 * 4 * 64 + 2 * 33,
    });
    const broken = of('albert');
    const asked = { ...broken, adapter: { ...lora, layers_to_transform: [1] } };
    const finding = found(await ask(backend, asked), 'peft/shared-layers');
    expect((await repaired(backend, asked, finding)).canStart).toBe(true);
  });

  const doubtful: [string, Partial<Spec>, string][] = [
    [
      'a direction against its metric',
      {
        training: {
          ...sound,
          load_best_model_at_end: true,
          metric_for_best_model: 'loss',
          greater_is_better: true,
        },
      },
      'worst-kept',
    ],
    ['a learning rate of full fine-tuning', { training: { ...sound, learning_rate: 5e-5 } }, 'rate-low'],
    ['a learning rate that blows up', { training: { ...sound, learning_rate: 0.5 } }, 'rate-high'],
    [
      'a batch larger than the data',
      { training: { ...sound, per_device_train_batch_size: 512 } },
      'batch-size',
    ],
    ['a warm-up as long as the run', { training: { ...sound, warmup_steps: 500 } }, 'warm-up'],
    ['no rows to evaluate', { data: {}, training: { ...sound, eval_strategy: 'no' } }, 'no-eval-rows'],
    [
      'a length that the model does not take',
      { data: { trainSplit: 'train', evalSplit: 'test', maxLength: 9999 } },
      'max-length',
    ],
    ['texts that are cut', { data: { trainSplit: 'train', evalSplit: 'test', maxLength: 4 } }, 'truncation'],
    [
      'padding to the full length',
      { data: { trainSplit: 'train', evalSplit: 'test', padding: 'max_length' } },
      'padding',
    ],
  ];
  it(`warns of ${doubtful.map(([what]) => what).join(', ')}, and offers repairs that mend it`, async () => {
    const { backend, spec } = await started();
    for (const [what, change, code] of doubtful) {
      const asked = { ...spec, ...change };
      const preflight = await ask(backend, asked);
      const finding = found(preflight, code);
      expect([what, finding.weight, preflight.canStart]).toEqual([what, 'warning', true]);
      const after = await repaired(backend, asked, finding);
      expect(
        after.findings.filter(({ weight }) => weight === 'warning').map((finding) => finding.code),
      ).not.toContain(code);
    }
  });

  it('takes 42 where no seed is set, and says so', async () => {
    const { backend, spec } = await started();
    const { seed: _, ...rest } = sound;
    expect(found(await ask(backend, { ...spec, training: rest }), 'no-seed').weight).toBe('info');
  });

  it('counts evaluation rows that are training rows too', async () => {
    const twice = [...rows, ...texts(20, ['ham', 'spam'], 'test')];
    const { backend, spec } = await started(twice);
    const leaks = found(await ask(backend, spec), 'leaks');
    expect(leaks.message).toContain('20 of 120 evaluation rows');
    expect(leaks.repair?.link).toMatch(/^\/data\/.*\/report$/);
  });

  it('says what guessing gives where one class is most of the rows, and balances it', async () => {
    const lopsided = [
      ...texts(190, ['ham'], 'train'),
      ...texts(10, ['spam'], 'train', 300),
      ...texts(50, ['ham', 'spam'], 'test', 900),
    ];
    const { backend, spec } = await started(lopsided);
    const finding = found(await ask(backend, spec), 'imbalance');
    expect(finding.message).toContain('95.0 % of the training rows are ham');
    expect(found(await repaired(backend, spec, finding), 'imbalance').weight).toBe('info');
  });

  it('names a class that is evaluated and never trained', async () => {
    const { backend, spec } = await started([...rows, { text: 'new', label: 'odd', split: 'test' }]);
    const preflight = await ask(backend, spec);
    expect(found(preflight, 'unseen-class').message).toContain('odd');
    expect(preflight.canStart).toBe(false);
  });

  it("aligns labels with the base model's own head by name, whatever their order", async () => {
    const stars = ['5 stars', '1 star', '3 stars', '2 stars', '4 stars'];
    const { backend, spec } = await started([
      ...texts(200, stars, 'train'),
      ...texts(100, stars, 'test', 300),
    ]);
    expect(found(await ask(backend, spec), 'labels-agree').weight).toBe('good');
    const other = ['a', 'b', 'c', 'd', 'e'];
    const renamed = storeRows(backend.context, [
      ...texts(200, other, 'train'),
      ...texts(100, other, 'test', 300),
    ]);
    expect(found(await ask(backend, { ...spec, versionId: renamed }), 'labels-other').detail).toContain(
      '1 star → a',
    );
    const numbers = ['0', '1', '2', '3', '4'];
    const numbered = storeRows(backend.context, [
      ...texts(200, numbers, 'train'),
      ...texts(100, numbers, 'test', 300),
    ]);
    expect(found(await ask(backend, { ...spec, versionId: numbered }), 'labels-numbers').detail).toContain(
      '0 = 1 star',
    );
    const two = await started();
    expect(found(await ask(two.backend, two.spec), 'labels-number').message).toContain('2 labels');
  });

  it('says that a model or a version is missing, and still looks at the rest', async () => {
    const { backend, spec } = await started();
    const without = await ask(backend, { ...spec, modelId: 'gone' });
    expect(found(without, 'store/unknown').repair?.link).toBe('/models');
    expect(without).toMatchObject({ canStart: false, trainRows: 200, trainable: null });
    const empty = await ask(backend, { ...spec, versionId: 'gone' });
    expect(found(empty, 'store/unknown').weight).toBe('error');
    const [file] = await readdir(backend.context.workspace.datasets);
    await rm(join(backend.context.workspace.datasets, file!));
    expect(found(await ask(backend, spec), 'datasets/missing').repair?.link).toBe('/data');
    expect(empty.trainable).toBeGreaterThan(0);
  });
});

describe('presets', () => {
  it("name the model's own layers, and pass the pre-flight as they are", async () => {
    const { backend, spec } = await started();
    const { presets } = await backend.call('experiments/presets', { modelId: spec.modelId });
    expect(presets.map(({ key }) => key)).toEqual(['article', 'small', 'best', 'head', 'full']);
    expect(presets[0]!.adapter).toMatchObject({ r: 16, lora_alpha: 32, target_modules: ['query', 'value'] });
    for (const { key, adapter, training } of presets) {
      const preflight = await ask(backend, { ...spec, adapter, training });
      const bad = preflight.findings.filter(({ weight }) => weight === 'error' || weight === 'warning');
      expect(bad, key).toEqual([]);
    }
  });
});
