import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { readJsonFile } from '../formats/json.ts';
import { openSafetensors } from '../formats/safetensors.ts';
import { golden } from '../formats/test-support.ts';
import { Graph } from '../graph/graph.ts';
import { reachable } from '../graph/saved-model.ts';
import { loadParameters, Session } from '../graph/session.ts';
import { adaptation, adaptedValue, type Adapter } from '../peft/adapter.ts';
import { openAdaptedModel } from '../predict.ts';
import { isBehindEncoder } from './architecture.ts';
import type { BaseModel, Head } from './base-model.ts';
import type { EncodedText } from './batch.ts';
import { Inference } from './inference.ts';
import { Layers, type Adaptation } from './layers.ts';
import { Parameters } from './parameters.ts';
import { goldenArchitectures, openedModel } from './test-support.ts';
import { tokenInputs } from './token-inputs.ts';

const matrix = z.array(z.array(z.number()));
const modelCase = z.object({
  input_ids: matrix,
  attention_mask: matrix,
  token_type_ids: matrix.nullable(),
  logits: matrix,
  cls: matrix,
  mean_pooled: matrix,
  num_parameters: z.number(),
});
const tokenCase = z.object({
  num_parameters: z.number(),
  cases: z.array(z.object({ input_ids: z.array(z.number()), logits: matrix })),
});
const row = z.tuple([z.number(), z.union([z.number().transform((value) => [value]), z.array(z.number())])]);
const adapterCase = z.object({
  logits: matrix,
  merged_logits: matrix,
  trainable: z.number(),
  all: z.number(),
  targets: z.array(z.string()),
  merged_rows: z.record(z.string(), row).optional(),
  merged_changed: z.number().optional(),
});

const read = async <Schema extends z.ZodType>(schema: Schema, file: string): Promise<z.output<Schema>> =>
  schema.parse(await readJsonFile(path.join(golden, file)));

/** The golden inputs without their padding, or as they stand. */
const texts = (
  { input_ids, attention_mask, token_type_ids }: z.infer<typeof modelCase>,
  padded = false,
): EncodedText[] =>
  input_ids.map((ids, i) => {
    const length = padded ? ids.length : attention_mask[i]!.reduce((a, b) => a + b, 0);
    return {
      inputIds: Int32Array.from(ids.slice(0, length)),
      ...(token_type_ids && { tokenTypeIds: Int32Array.from(token_type_ids[i]!.slice(0, length)) }),
      attentionMask: Int32Array.from(attention_mask[i]!.slice(0, length)),
    };
  });

function largestDifference(a: ArrayLike<number>, b: readonly number[]): number {
  expect(a.length).toBe(b.length);
  return b.reduce((most, value, i) => Math.max(most, Math.abs(value - a[i]!)), 0);
}

const parameterCount = ({ parameters }: BaseModel): number =>
  parameters.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);

async function answering(
  base: BaseModel,
  head: Head,
  use: (inference: Inference) => Promise<void>,
  adapted?: Adaptation,
): Promise<void> {
  const inference = await Inference.open(base, adapted, { head, precision: 'fp32' });
  await use(inference).finally(() => inference.close());
}

/** What a token head gives of texts of ascending length, one after the other. */
async function tokenOutputs(base: BaseModel, of: readonly EncodedText[]): Promise<Float32Array> {
  const graph = new Graph();
  const parameters = new Parameters(graph, base.parameters, new Set());
  const layers = new Layers({ graph, parameters, compute: 'float32', fused: false });
  const inputs = tokenInputs(graph, 'in', { kind: 'sequence', texts: of.length }, base.config.heads);
  graph.signature('run', inputs.placeholders, { output: base.encoder.output(layers, inputs.batch) });
  const loading = parameters.addLoading(reachable(graph));
  const session = await Session.open(graph);
  await loadParameters(session, loading, (name) => base.read(name));
  const { output } = session.run('run', inputs.feeds(of).feeds);
  session.close();
  return Float32Array.from(output!);
}

/** An adapter beside its base and merged into it, against what PEFT answered, counted, wrapped and merged. */
async function agreesWithPeft(
  seed: string,
  model: string,
  name: string,
  merged: (base: BaseModel, adapter: Adapter, expected: z.infer<typeof adapterCase>) => Promise<void>,
  expectedOf = name,
): Promise<void> {
  const inputs = texts(await read(modelCase, `${seed}/models/${model}.json`));
  const expected = await read(adapterCase, `${seed}/${expectedOf}.json`);
  const folder = path.join(golden, seed, 'models', model);
  const { base, adapter } = await openAdaptedModel(folder, path.join(golden, seed, name), 'sequence');
  for (const folded of [true, false]) {
    const logits = (folded ? expected.merged_logits : expected.logits).flat();
    await answering(
      base,
      'sequence',
      async (inference) => {
        expect(largestDifference(await inference.logits(inputs), logits)).toBeLessThan(1e-4);
      },
      adaptation(base, adapter, folded),
    );
  }
  expect(adapter!.plan.counts).toMatchObject({ trainable: expected.trainable, all: expected.all });
  const paths = [...adapter!.plan.method.targets.keys()].map((target) => `base_model.model.${target}`);
  // Tokens that train by themselves are no module that is adapted.
  const targets = expected.targets.filter((target) => !target.endsWith('.token_adapter'));
  expect(paths.sort()).toEqual(targets.sort());
  await merged(base, adapter!, expected);
  await base.close();
}

/** Every tensor of a merged file. */
const mergedFile =
  (file: string, tolerance = 1e-6) =>
  async (base: BaseModel, adapter: Adapter, expected: z.infer<typeof adapterCase>): Promise<void> => {
    const found = await openSafetensors(path.join(golden, file, 'model.safetensors'));
    for (const name of found.tensors.keys()) {
      const ours = await adaptedValue(base, adapter, name);
      expect(largestDifference(ours, Array.from(await found.readFloat32(name))), name).toBeLessThan(
        tolerance,
      );
    }
    expect(found.tensors.size).toBe(expected.merged_changed ?? base.parameters.length);
    await found.close();
  };

/** A row of every tensor that merging changes. */
async function mergedRows(
  base: BaseModel,
  adapter: Adapter,
  expected: z.infer<typeof adapterCase>,
): Promise<void> {
  const rows = Object.entries(expected.merged_rows ?? {});
  for (const [name, [at, values]] of rows) {
    const ours = await adaptedValue(base, adapter, name);
    const found = ours.subarray(at * values.length, (at + 1) * values.length);
    expect(largestDifference(found, values), name).toBeLessThan(1e-6);
  }
  expect(rows.length).toBe(expected.merged_changed);
}

const seeds = ['seed1', 'seed2'];
const bertAdapters = [
  ...['lora-qv', 'lora-seed', 'lora-all-linear', 'lora-regex-layers', 'lora-bias', 'rslora', 'rank-pattern'],
  ...['lora-qv-bin', 'dora', 'pissa'],
];
/** Configurations of methods over bert and roberta. */
const methods = readdirSync(path.join(golden, 'seed1/methods')).filter((name) =>
  existsSync(path.join(golden, 'seed1/methods', name, 'adapter_config.json')),
);

describe.each(seeds.flatMap((seed) => goldenArchitectures.map((name) => [seed, name] as const)))(
  'golden %s %s',
  (seed, name) => {
    const folder = path.join(golden, seed, 'models', name);

    it('gives the logits of transformers, padded or not', async () => {
      const expected = await read(modelCase, `${seed}/models/${name}.json`);
      const base = await openedModel(folder);
      expect(base.newlyInitialized).toEqual([]);
      expect(base.loading.unexpected).toEqual([]);
      expect(parameterCount(base)).toBe(expected.num_parameters);
      await answering(base, 'sequence', async (inference) => {
        for (const padded of [false, true]) {
          const logits = await inference.logits(texts(expected, padded));
          expect(largestDifference(logits, expected.logits.flat())).toBeLessThan(1e-4);
        }
      });
    });

    it('as an encoder gives the same [CLS] and mean vectors', async () => {
      const expected = await read(modelCase, `${seed}/models/${name}.json`);
      const base = await openedModel(folder, { head: 'none' });
      const drawn = base.newlyInitialized.filter(
        (parameter) => !isBehindEncoder(base.architecture, parameter),
      );
      expect(drawn).toEqual([]);
      await answering(base, 'none', async (inference) => {
        const cls = await inference.embeddings(texts(expected), 'cls');
        expect(largestDifference(cls, expected.cls.flat())).toBeLessThan(1e-4);
        for (const padded of [false, true]) {
          const mean = await inference.embeddings(texts(expected, padded), 'mean');
          expect(largestDifference(mean, expected.mean_pooled.flat())).toBeLessThan(1e-4);
        }
      });
    });

    it('gives each token the logits of transformers where its head labels tokens', async () => {
      const expected = await read(tokenCase, `${seed}/token/${name}.json`);
      const base = await openedModel(path.join(golden, seed, 'token', name), { head: 'tokens' });
      expect(base.newlyInitialized).toEqual([]);
      expect(parameterCount(base)).toBe(expected.num_parameters);
      const inputs = expected.cases.map(({ input_ids: ids }) => ({ inputIds: Int32Array.from(ids) }));
      const logits = expected.cases.flatMap(({ logits: of }) => of.flat());
      expect(largestDifference(await tokenOutputs(base, inputs), logits)).toBeLessThan(1e-4);
    });

    const kinds = ['qv', 'all-linear', 'dora'].filter((kind) =>
      existsSync(path.join(golden, seed, `arch-adapters/${name}-${kind}`)),
    );
    it.each(kinds)('agrees with PEFT on an adapter, %s', async (kind) => {
      const adapter = `arch-adapters/${name}-${kind}`;
      const merged = kind === 'all-linear' ? mergedRows : mergedFile(`${seed}/${adapter}-merged`);
      await agreesWithPeft(seed, name, adapter, merged);
    });
  },
);

describe.each(seeds)('golden %s bert', (seed) => {
  it.each(bertAdapters)('agrees with PEFT on the adapter %s', async (name) => {
    const plain = `adapters/${name.replace('-bin', '')}`;
    // The base of PiSSA comes out of a decomposition at load.
    const merged = mergedFile(`${seed}/${plain}-merged`, name === 'pissa' ? 1e-5 : 1e-6);
    await agreesWithPeft(seed, 'bert', `adapters/${name}`, merged, plain);
  });
});

describe.each(seeds)('golden %s', (seed) => {
  it.each(methods)('agrees with PEFT on %s', async (name) => {
    const file = `${seed}/methods/${name}-merged`;
    const merged = existsSync(path.join(golden, file)) ? mergedFile(file) : mergedRows;
    await agreesWithPeft(seed, name.split('-')[0]!, `methods/${name}`, merged);
  });
});
