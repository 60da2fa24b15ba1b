import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { methods } from '../../../shared/methods/index.ts';
import type { Method } from '../../../shared/methods/method.ts';
import { writeMerged } from '../export/test-support.ts';
import { openSafetensors } from '../formats/safetensors.ts';
import { faultOf, temporaryFolder } from '../formats/test-support.ts';
import type { Tensor } from '../graph/graph.ts';
import { add, multiply } from '../graph/ops/elementwise.ts';
import type { Layers } from '../models/layers.ts';
import { walk } from '../models/module-tree.ts';
import { goldenTexts } from '../models/test-support.ts';
import { openAdaptedModel, openPredictor } from '../predict.ts';
import { experiment, logOf, project, run } from '../training/test-support.ts';
import { methodTypes } from './methods.ts';
import { methodType, unchanged, type MethodType, type PeftMethod } from './method.ts';
import { targetedModules } from './targets.ts';

/** What a person would write in shared/methods/toy.ts. */
const settings = {
  target_modules: { type: 'names', default: null, help: 'The linear layers whose outputs are scaled.' },
  merges: {
    type: 'switch',
    default: true,
    help: 'Whether it may be merged; false tries out that it may not.',
  },
} as const;
const toy = {
  type: 'TOY',
  name: 'Toy',
  object: 'a toy',
  activity: 'training a toy',
  description: 'Outputs of layers are scaled and shifted.',
  settings,
  peft: { name: 'ToyConfig', fixed: { use_dora: false }, floats: [], said: ['target_modules'], groups: [] },
  parameterPrefixes: ['toy_'],
  wholeModel: false,
  combinable: false,
  rates: { from: 1e-3, to: 1e-1, start: 1e-2, usual: '1e-3 to 1e-2' },
  label: () => 'toy',
  distinctions: () => [],
  summary: () => 'Toy',
  identifying: [],
  onCard: [],
  presets: () => [],
} as const satisfies Method;

/**
 * And in engine/peft/toy.ts: y·(1 + l) of some linear layers, with l = frame·scale and a frame that is read off the base
 * and never trains; a trained shift of each norm, and of the table of words.
 */
const toyType = methodType(toy, (model, values): PeftMethod => {
  const rules = {
    exclude_modules: null,
    modules_to_save: null,
    layers_to_transform: null,
    layers_pattern: null,
  };
  const paths = targetedModules(model, { ...rules, target_modules: values.target_modules });
  const shapes = new Map(
    [...walk(model)].map(({ path: at, node }) => [at, node.parameters?.[0]?.shape ?? []]),
  );
  const shifted = [...walk(model)].filter(({ path: at, node }) =>
    node.type === 'LayerNorm' ? true : at.endsWith('word_embeddings'),
  );
  const shifts = new Map(shifted.map(({ path: at }) => [at, `${at}.toy_shift`]));
  const named = (at: string, own: string): string => `${at}.toy_${own}`;
  const shiftAt = (at: string): ((l: Layers, y: Tensor) => Tensor) | undefined => {
    const name = shifts.get(at);
    return name === undefined ? undefined : (l, y) => add(l.graph, y, l.parameters.value(name, 'float32'));
  };
  return {
    added: [
      ...paths.flatMap((at) => [
        { name: named(at, 'frame'), shape: [shapes.get(at)![0]!], trains: false },
        { name: named(at, 'scale'), shape: [shapes.get(at)![0]!], trains: true, rate: 10 },
      ]),
      ...[...shifts].map(([at, name]) => ({ name, shape: [shapes.get(at)!.at(-1)!], trains: true })),
    ],
    trainedBase: new Set(),
    targets: new Map(paths.map((at) => [at, 'scaled'])),
    hooks: {
      linear: (at) =>
        !paths.includes(at)
          ? undefined
          : (l, x, open) => {
              const y = open(x).finish();
              const [frame, scale] = ['frame', 'scale'].map((own) =>
                l.parameters.value(named(at, own), y.dtype),
              );
              return add(l.graph, y, multiply(l.graph, y, multiply(l.graph, scale!, frame!)));
            },
      norm: shiftAt,
      embedding: shiftAt,
    },
    async initialize({ name, shape }, _, read) {
      const first = new Float32Array(shape[0]!);
      if (!name.endsWith('.toy_frame')) return first;
      const weight = await read(name.replace('toy_frame', 'weight'));
      const width = weight.length / first.length;
      return first.map((__, i) => Math.hypot(...weight.subarray(i * width, (i + 1) * width)));
    },
    // It stays small, and the same for a run that was resumed.
    afterStep(step, state) {
      if (step % 4 !== 0) return undefined;
      const now = state();
      for (const [name, { p }] of now)
        if (name.endsWith('.toy_scale'))
          p.forEach((value, i) => (p[i] = Math.max(-0.05, Math.min(0.05, value))));
      return now;
    },
    ...(values.merges ? {} : { unmergeable: 'it was told not to' }),
    merge(name, value, added) {
      const [, at = '', own = ''] = /^(.*)\.([^.]+)$/.exec(name) ?? [];
      if (paths.includes(at)) {
        const [frame, scale] = [added(named(at, 'frame')), added(named(at, 'scale'))];
        const width = value.length / frame.length;
        return value.map((x, i) => x * (1 + scale[Math.floor(i / width)]! * frame[Math.floor(i / width)]!));
      }
      const moves = shifts.has(at) && (own === 'bias' || at.endsWith('word_embeddings'));
      const by = moves ? added(shifts.get(at)!) : undefined;
      return by ? value.map((x, i) => x + by[i % by.length]!) : value;
    },
    fileKey: (name) => unchanged.fileKey(name.replace('.toy_', '.toy.')),
  };
});

beforeAll(() => {
  (methods as Method[]).push(toy);
  (methodTypes as MethodType[]).push(toyType);
});
afterAll(() => {
  (methods as Method[]).pop();
  (methodTypes as MethodType[]).pop();
});

const adapter = { peft_type: 'TOY', task_type: 'SEQ_CLS', target_modules: ['query', 'output.dense'] };

async function answers(model: string, given: string | undefined, folded: boolean): Promise<Float32Array> {
  const options = { precision: 'fp32', head: 'sequence', folded } as const;
  const predictor = await openPredictor({
    model,
    adapter: given,
    ...options,
  });
  try {
    return await predictor.logits((await goldenTexts()).texts);
  } finally {
    predictor.close();
  }
}

const difference = (a: Float32Array, b: Float32Array): number =>
  a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0);

it('is one file a side and a line in each registry: planned, counted, trained, written, read back and merged', async () => {
  const folder = await project();
  const result = await run(folder, { adapter });
  const out = path.join(folder, 'out');
  // Of two layers: query, attention.output.dense and output.dense, 32 each; 5 norms and the words, 32 each; the head.
  const scaled = 2 * 3 * 32;
  const copies = 66;
  expect(result.parameters.trainable).toBe(scaled + 6 * 32 + 66);
  const { base, adapter: read } = await openAdaptedModel(experiment.model, out, 'sequence');
  const own = base.parameters.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
  expect(result.parameters.all).toBe(own + 2 * scaled + 6 * 32 + copies);

  const losses = (await logOf(folder)).flatMap(({ type, loss }) => (type === 'step' ? [loss!] : []));
  expect(losses.at(-1)!).toBeLessThan(losses[0]!);
  const frame = [...read!.values].find(([name]) => name.endsWith('query.toy_frame'))!;
  const weight = await base.read(frame[0].replace('toy_frame', 'weight'));
  expect(frame[1][0]).toBeCloseTo(Math.hypot(...weight.subarray(0, 32)), 5);
  const scales = [...read!.values].flatMap(([name, value]) => (name.endsWith('toy_scale') ? [...value] : []));
  expect(Math.max(...scales.map(Math.abs))).toBeGreaterThan(0.01);
  await base.close();

  const file = await openSafetensors(path.join(out, 'adapter_model.safetensors'));
  await file.close();
  expect([...file.tensors.keys()]).toContain(
    'base_model.model.bert.encoder.layer.0.attention.self.query.toy.scale',
  );
  const config: unknown = JSON.parse(await readFile(path.join(out, 'adapter_config.json'), 'utf8'));
  expect(config).toMatchObject({ peft_type: 'TOY', use_dora: false, merges: true, inference_mode: true });

  const beside = await answers(experiment.model, out, false);
  expect(difference(beside, await answers(experiment.model, out, true))).toBeLessThan(1e-5);
  const merged = await temporaryFolder();
  await writeMerged(out, merged);
  expect(difference(beside, await answers(merged, undefined, true))).toBeLessThan(1e-5);
  const resumed = await project();
  await run(resumed, { adapter, training: { save_strategy: 'steps', save_steps: 7 } });
  await run(resumed, { adapter, training: { save_strategy: 'steps', save_steps: 7 }, resume: true });
  expect(await readFile(path.join(resumed, 'out/adapter_model.safetensors'))).toEqual(
    await readFile(path.join(out, 'adapter_model.safetensors')),
  );
});

it('that cannot be merged is evaluated and answers all the same, and its merge says why', async () => {
  const folder = await project();
  await run(folder, { adapter: { ...adapter, merges: false } });
  const out = path.join(folder, 'out');
  expect(await answers(experiment.model, out, true)).toEqual(await answers(experiment.model, out, false));
  const { code, message } = await faultOf(async () => writeMerged(out, await temporaryFolder()));
  expect({ code, message }).toEqual({
    code: 'peft/not-mergeable',
    message: 'The adapter cannot be merged into its base: it was told not to.',
  });
});
