import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Dataset } from '../../../shared/contract/datasets.ts';
import type { ExperimentSpec, Preflight, Preset, Timing } from '../../../shared/contract/experiments.ts';
import type { SystemStatus } from '../../../shared/contract/system.ts';
import { fakeBackend, sampleModel } from '../../fake-backend.ts';
import { DraftManager } from './draft-manager.svelte.ts';
import { detail, experiment, preflight, version } from '../../test-support.ts';

const data: Dataset = {
  id: 'd',
  name: 'SMS Spam',
  createdAt: 0,
  source: 'sms-spam.tsv',
  latest: version({ id: 'v2', number: 2 }),
  versions: 2,
};
const preset: Preset = {
  key: 'article',
  name: 'LoRA r=16 (standard)',
  help: '',
  adapter: { peft_type: 'LORA', r: 16, target_modules: ['query', 'value'] },
  training: { num_train_epochs: 3 },
};
const status = (running: SystemStatus['running']): SystemStatus => ({
  version: '1',
  workspace: '/w',
  host: 'web',
  device: 'CPU',
  cpuCores: 2,
  memoryTotalMb: 1,
  memoryFreeMb: 1,
  diskFreeBytes: 1,
  counts: { datasets: 1, models: 1, experiments: 1, adapters: 0, exports: 0 },
  running,
  queued: 0,
});
const timing: Timing = {
  secondsPerStep: 0.1,
  totalSeconds: 1,
  peakMemoryMb: 100,
  memoryFreeMb: 1000,
  baselines: {
    majority: { label: 'ham', accuracy: 0.6, f1_macro: 0.4 },
    ownHead: null,
    ownHeadReason: null,
    linearProbe: null,
  },
};

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

async function open(
  options: {
    spec?: Partial<ExperimentSpec> | null;
    running?: SystemStatus['running'];
    check?: (spec: ExperimentSpec) => Preflight | Promise<Preflight>;
    from?: string;
    adapter?: string;
  } = {},
) {
  const saved: unknown[] = [];
  const back = fakeBackend({
    'models/list': () => ({ models: [sampleModel] }),
    'models/read': () => ({
      model: sampleModel,
      tree: [],
      loading: null,
      licenceText: null,
      tokenizerNotes: [],
    }),
    'models/preview-adapter': () => ({
      targets: ['a'],
      trainable: 1,
      all: 2,
      trainablePercent: 50,
      bytes: 1,
      saved: [],
      unmatched: [],
    }),
    'datasets/list': () => ({ datasets: [data] }),
    'datasets/read': () => ({ dataset: data, versions: [version({ id: 'v1' }), data.latest] }),
    'system/status': () => status(options.running ?? null),
    'experiments/read-draft': () => ({ spec: options.spec ?? null }),
    'experiments/presets': () => ({ presets: [preset] }),
    'experiments/save-draft': ({ spec }) => {
      saved.push(spec);
      return {};
    },
    'experiments/preflight': ({ spec }) => (options.check ?? (() => preflight()))(spec as ExperimentSpec),
    'experiments/time': () => timing,
    'experiments/create': () => ({ experiment: experiment({ id: 'new', state: 'queued' }) }),
    'adapters/read': ({ id }) => ({
      adapter: {
        ...{ id, name: 'lacking', origin: 'imported' as const, experimentId: null, modelId: 'm' },
        ...{
          modelName: 'MiniLM',
          peftType: 'LORA',
          rank: 4,
          labels: ['ham', 'spam'],
          bytes: 1,
          present: true,
        },
        ...{ sha256: 'a'.repeat(64), folder: '/a', exports: 0, createdAt: 0 },
      },
      lineage: {
        ...{ data: null, experiment: null, parts: [], exports: [] },
        base: { modelId: 'm', name: 'MiniLM', sha256: null, matches: true, reason: null },
      },
      config: {
        ...{ peft_type: 'LORA', task_type: 'SEQ_CLS', r: 4, target_modules: ['query'], inference_mode: true },
        ...{ base_model_name_or_path: 'm', layers_to_transform: null },
      },
      problem: null,
    }),
    'experiments/read': () => detail({}, { spec: { ...full, name: 'the other', training: { seed: 7 } } }),
  });
  const form = new DraftManager(back.rpc);
  const stop = form.listen(options.from ?? null, options.adapter ?? null);
  await vi.advanceTimersByTimeAsync(0);
  const asked = (method: string) => back.asked.filter((one) => one.method === method).length;
  return { ...back, form, stop, saved, asked };
}
const full: ExperimentSpec = {
  name: '',
  modelId: 'm',
  versionId: 'v2',
  data: {
    trainSplit: null,
    evalSplit: null,
    trainSelect: null,
    evalSelect: null,
    split: { test_size: 0.2, seed: 42 },
    maxLength: null,
    padding: 'longest',
  },
  adapter: preset.adapter,
  training: preset.training,
  modelOverrides: {},
  tags: [],
};

describe('the form of a new experiment', () => {
  it('starts from the first preset and says what is not chosen yet', async () => {
    const { form } = await open();
    expect(form.ready).toBe(true);
    expect(form.preset?.key).toBe('article');
    expect(form.reason).toBe('Choose the data first.');
    form.chooseData(data.latest);
    expect(form.reason).toBe('Choose a model first.');
    expect(form.draft.data?.split).toEqual({ test_size: 0.2, seed: 42 });
  });

  it('saves the draft a moment after the last change, and reads it back', async () => {
    const { form, saved } = await open({ spec: { versionId: 'v1' } });
    expect(form.version?.id).toBe('v1');
    form.chooseModel('m');
    form.set(['training', 'learning_rate'], 0.01);
    form.set(['training', 'learning_rate'], 0.02);
    expect(form.saved).toBe('unsaved');
    await vi.advanceTimersByTimeAsync(600);
    expect(form.saved).toBe('saved');
    expect(saved).toHaveLength(1);
    expect(saved[0]).toMatchObject({ versionId: 'v1', modelId: 'm', training: { learning_rate: 0.02 } });
  });

  it('trains an adapter further: takes its base and method over, until it is to start anew or on another base', async () => {
    const { form } = await open({ adapter: 'a', spec: { name: 'before', versionId: 'v1' } });
    expect(form.initial?.name).toBe('lacking');
    expect(form.draft).toMatchObject({ name: '', modelId: 'm', versionId: 'v1', initAdapterId: 'a' });
    expect(form.draft.adapter).toEqual({
      ...{ peft_type: 'LORA', task_type: 'SEQ_CLS', r: 4, target_modules: ['query'] },
    });
    form.chooseModel('other');
    expect(form.initial).toBeNull();
    expect(form.changed?.reset).toContain('Goes on from');
    await form.goOnFrom('a');
    form.set(['initAdapterId'], null);
    expect(form.draft).not.toHaveProperty('initAdapterId');
  });

  it('keeps the draft of a page that is left before the moment is over', async () => {
    const { form, saved, stop } = await open();
    form.chooseModel('m');
    stop();
    await vi.advanceTimersByTimeAsync(0);
    expect(saved).toHaveLength(1);
  });

  it('checks once after several changes and lets it start', async () => {
    const { form, asked } = await open({ spec: full });
    await vi.advanceTimersByTimeAsync(300);
    expect(asked('experiments/preflight')).toBe(1);
    form.set(['adapter', 'r'], 8);
    form.set(['adapter', 'r'], 4);
    expect(form.reason).toBe('The pre-flight is being made.');
    await vi.advanceTimersByTimeAsync(300);
    expect(asked('experiments/preflight')).toBe(2);
    expect(form.reason).toBeNull();
    expect((await form.start())?.id).toBe('new');
  });

  it('drops the answer to a spec that changed meanwhile', async () => {
    const answers: ((value: Preflight) => void)[] = [];
    const { form } = await open({ spec: full, check: () => new Promise((resolve) => answers.push(resolve)) });
    await vi.advanceTimersByTimeAsync(300);
    form.set(['adapter', 'r'], 4);
    await vi.advanceTimersByTimeAsync(300);
    answers[1]!(preflight({ trainable: 4 }));
    await vi.advanceTimersByTimeAsync(0);
    answers[0]!(preflight({ trainable: 16 }));
    await vi.advanceTimersByTimeAsync(0);
    expect(form.preflight.value?.trainable).toBe(4);
  });

  it('says at the field what does not fit, and asks nothing of the backend for it', async () => {
    const { form, asked } = await open({ spec: full });
    await vi.advanceTimersByTimeAsync(300);
    form.set(['adapter', 'r'], 0);
    await vi.advanceTimersByTimeAsync(1000);
    expect(asked('experiments/preflight')).toBe(1);
    expect(form.reason).toContain('Rank: 0 does not fit');
    expect(await form.start()).toBeUndefined();
  });

  it('says why the pre-flight holds it back, and starts after its repair', async () => {
    const { form } = await open({
      spec: full,
      check: (spec) =>
        spec.data.maxLength === 128
          ? preflight()
          : preflight({
              canStart: false,
              findings: [
                {
                  code: 'length',
                  weight: 'error',
                  message: 'max_length is above the limit.',
                  detail: null,
                  repair: { label: 'Set 128', patch: { data: { maxLength: 128 } }, link: null },
                },
              ],
            }),
    });
    await vi.advanceTimersByTimeAsync(300);
    expect(form.reason).toBe('Longest text is above the limit.');
    form.patch(form.preflight.value!.findings[0]!.repair!.patch!);
    await vi.advanceTimersByTimeAsync(300);
    expect(form.reason).toBeNull();
  });

  it('times the run by itself when nothing is changed and nothing runs, and forgets it when the spec changes', async () => {
    const { form, asked } = await open({ spec: full });
    await vi.advanceTimersByTimeAsync(300 + 2500);
    expect(form.preflight.timing?.totalSeconds).toBe(1);
    form.patch({ name: 'another name' });
    expect(form.preflight.timing).not.toBeNull();
    form.set(['adapter', 'r'], 4);
    expect(form.preflight.timing).toBeNull();
    await vi.advanceTimersByTimeAsync(300 + 2500);
    expect(asked('experiments/time')).toBe(2);
  });

  it('leaves the device to what runs, and times on demand', async () => {
    const { form, asked } = await open({ spec: full, running: experiment() });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(asked('experiments/time')).toBe(0);
    await form.preflight.time();
    expect(form.preflight.timing).not.toBeNull();
  });

  describe('on other data or another model', () => {
    const old = {
      ...full,
      versionId: 'gone',
      name: 'SMS Spam · LoRA r=16',
      data: { ...full.data, maxLength: 128 },
      training: { num_train_epochs: 3, class_weights: [1, 9] },
    };

    it('takes back what belonged to the data before, and says so', async () => {
      const { form } = await open({ spec: old });
      form.chooseData(data.latest);
      expect(form.draft).toMatchObject({
        name: '',
        data: { maxLength: null },
        training: { num_train_epochs: 3 },
      });
      expect(form.draft.training).not.toHaveProperty('class_weights');
      expect(form.changed).toEqual({
        what: 'data',
        reset: ['Name', 'Longest text', 'Class weights'],
        kept: [],
      });
    });

    it('keeps what the person set, and says that too', async () => {
      const { form } = await open({ spec: old });
      form.set(['data', 'maxLength'], 256);
      form.chooseData(data.latest);
      expect(form.draft.data?.maxLength).toBe(256);
      expect(form.changed).toEqual({
        what: 'data',
        reset: ['Name', 'Class weights'],
        kept: ['Longest text'],
      });
    });

    it('keeps a map that the person set on another model', async () => {
      const { form } = await open({ spec: { ...full, modelId: 'other' } });
      form.set(['adapter', 'rank_pattern'], { query: 4 });
      form.chooseModel('m');
      expect(form.draft.adapter?.['rank_pattern']).toEqual({ query: 4 });
      expect(form.changed?.kept).toEqual(['Rank pattern']);
    });

    it('keeps everything on another version of the same data', async () => {
      const { form } = await open({ spec: { ...old, versionId: 'v1' } });
      form.chooseData(data.latest);
      expect(form.draft).toMatchObject({ name: 'SMS Spam · LoRA r=16', data: { maxLength: 128 } });
      expect(form.changed).toBeNull();
    });

    it('takes the modules of the new model: of the preset, or in the place of those that were chosen', async () => {
      const { form } = await open({ spec: { ...full, modelId: 'other' } });
      form.chooseModel('m');
      await vi.advanceTimersByTimeAsync(0);
      expect(form.preset?.key).toBe('article');
      const changed = await open({
        spec: { ...full, modelId: 'other', adapter: { peft_type: 'LORA', r: 3, target_modules: ['q_lin'] } },
      });
      changed.form.chooseModel('m');
      await vi.advanceTimersByTimeAsync(0);
      expect(changed.form.draft.adapter).toEqual({
        peft_type: 'LORA',
        r: 3,
        target_modules: ['query', 'value'],
      });
      expect(changed.form.changed).toEqual({ what: 'model', reset: ['Target modules'], kept: [] });
    });

    it('leaves the name to the experiment that was started', async () => {
      const { form } = await open({ spec: { ...full, name: 'first' } });
      await vi.advanceTimersByTimeAsync(300);
      await form.start();
      expect(form.draft.name).toBe('');
    });
  });

  it('starts from the spec of another experiment, without its name', async () => {
    const { form } = await open({ from: 'e' });
    expect(form.draft).toMatchObject({ name: '', training: { seed: 7 }, versionId: 'v2' });
  });
});
