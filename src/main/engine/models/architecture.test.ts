/** An architecture that is one object and a line in the registry goes all the way that BERT goes. */
import { copyFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { Pcg64 } from '../../../shared/random/pcg64.ts';
import { bytesOf } from '../formats/dtype.ts';
import { checkFields } from '../formats/json.ts';
import { faultOf, temporaryFolder } from '../formats/test-support.ts';
import { writeSafetensors } from '../formats/write-safetensors.ts';
import { add, multiply, tanh } from '../graph/ops/elementwise.ts';
import { selectRows, splitColumns } from '../graph/ops/rows.ts';
import { binary } from '../graph/ops/raw.ts';
import { relativeDifference } from '../graph/test-support.ts';
import { adaptation, adaptedValue, planAdapter } from '../peft/adapter.ts';
import { lossTargets, singleLabel } from '../tasks/single-label.ts';
import { Stepper } from '../training/stepper.ts';
import { normalInitial, type Architecture } from './architecture.ts';
import { architectures } from './architectures.ts';
import { openBaseModel, type BaseModel } from './base-model.ts';
import { Inference } from './inference.ts';
import { embedding, linear, module, parameterSpecs, printTree, type ModuleNode } from './module-tree.ts';
import { goldenBert, randomText } from './test-support.ts';

const fields = z.object({ words: z.int(), width: z.int(), blocks: z.int(), places: z.int() });
const norm = (name: string, type: string, size: number): ModuleNode => ({
  ...{ name, type, detail: `(${size},)` },
  parameters: [{ name: 'weight', shape: [size] }],
});
const plain = (name: string, from: number, to: number): ModuleNode => ({
  ...{ name, type: 'Linear', detail: `in_features=${from}, out_features=${to}, bias=False` },
  parameters: [{ name: 'weight', shape: [to, from] }],
});

/** Pre-norm, no biases, no token types, positions from 2, queries and values in one layer, a gate, a head of two layers. */
const toy: Architecture = {
  modelTypes: ['toy'],
  title: 'Toy',
  hubNames: ['toy'],
  names: {
    ...{ prefix: 'toy.', words: 'embed.words', head: ['score_head'], output: 'score_head.proj' },
    ...{ unread: [], attention: ['qkv'] },
  },
  open({ raw }, head, file) {
    const { words, width, blocks, places } = checkFields(fields, raw, file);
    const block = (_: unknown, i: number): ModuleNode =>
      module(String(i), 'ToyBlock', [
        norm('before', 'ToyRMSNorm', width),
        ...[plain('qkv', width, 3 * width), plain('out', width, width)],
        norm('between', 'LayerNorm', width),
        ...[plain('gate', width, 2 * width), plain('up', width, 2 * width), plain('down', 2 * width, width)],
      ]);
    const encoder = [
      module('embed', 'ToyEmbed', [embedding('words', words, width), embedding('places', places, width)]),
      module('blocks', 'ModuleList', Array.from({ length: blocks }, block)),
    ];
    const prefix = head.kind === 'none' ? '' : 'toy.';
    const tree =
      head.kind === 'none'
        ? module('', 'ToyModel', encoder)
        : module('', 'ToyForSequenceClassification', [
            module('toy', 'ToyModel', encoder),
            module('score_head', 'ToyHead', [
              linear('hidden', width, width),
              linear('proj', width, head.outputs),
            ]),
          ]);
    const opened: ReturnType<Architecture['open']> = {
      config: {
        ...{ vocab_size: words, hidden_size: width, num_hidden_layers: blocks, max_tokens: places - 2 },
        ...{ type_vocab_size: 0, pad_token_id: null, heads: { heads: 2, headSize: width / 2 } },
      },
      inputs: ['input_ids', 'attention_mask'],
      tree,
      encode(l, batch, rows) {
        const g = l.graph;
        const places = binary(g, 'AddV2', batch.positions, g.ints(2));
        let x = add(
          g,
          l.embedding(`${prefix}embed.words`, batch.ids),
          l.embedding(`${prefix}embed.places`, places),
        );
        for (let i = 0; i < blocks; i++) {
          const at = `${prefix}blocks.${i}`;
          const qkv = l.linear(`${at}.qkv`, l.norm(`${at}.before`, x, 1e-6, 'rms'));
          const [q, k, v] = splitColumns(g, qkv, [width, width, width]);
          const context = l.attention(q!, k!, v!, batch.layout, 0, false, { scale: 1 / (width / 2) });
          const y = add(g, x, l.residual(`${at}.out`, context));
          const inner = l.norm(`${at}.between`, y, 1e-6);
          const gate = l.activatedLinear(`${at}.gate`, inner, 'gelu');
          const up = l.linear(`${at}.up`, inner, 'float32');
          const gated = { tensor: multiply(g, g.cast(gate.tensor, 'float32'), up), by: gate.by };
          x = add(g, y, l.residual(`${at}.down`, gated));
        }
        return rows === 'first' ? selectRows(g, x, batch.first) : x;
      },
      output(l, batch) {
        const first = opened.encode(l, batch, 'first');
        const hidden = tanh(l.graph, l.linear('score_head.hidden', first, 'float32'));
        return l.linear('score_head.proj', hidden, 'float32');
      },
      initial: normalInitial(0.5),
    };
    return opened;
  },
};

const width = 8;
const config = { model_type: 'toy', words: 600, width, blocks: 2, places: 66 };
const labels = { id2label: { 0: 'no', 1: 'yes' }, label2id: { no: 0, yes: 1 } };

/** A folder with a checkpoint of the encoder alone, its names without prefix. */
async function checkpoint(): Promise<string> {
  const folder = await temporaryFolder();
  const { tree } = toy.open(
    {
      ...{ model_type: 'toy', architectures: [], id2label: [], label2id: {}, num_labels: 2 },
      problem_type: null,
      raw: config,
    },
    { kind: 'none', outputs: 0 },
    'config.json',
  );
  const tensors = parameterSpecs(tree).map(({ name, shape }, i) => {
    const random = new Pcg64(i);
    const size = shape.reduce((a, b) => a * b);
    const data = Float32Array.from({ length: size }, () =>
      shape.length === 1 ? 1 : 0.5 * random.standardNormal(),
    );
    return { name, shape, dtype: 'F32' as const, data: () => bytesOf(data) };
  });
  await writeSafetensors(path.join(folder, 'model.safetensors'), tensors, { format: 'pt' });
  await writeFile(path.join(folder, 'config.json'), JSON.stringify({ ...config, ...labels }));
  for (const name of ['tokenizer.json', 'tokenizer_config.json'])
    await copyFile(path.join(goldenBert(), name), path.join(folder, name));
  return folder;
}

beforeAll(() => void architectures.push(toy));
afterAll(() => void architectures.pop());

const texts = [5, 12, 3, 9].map((length, i) => ({ inputIds: randomText(length, i).inputIds }));
const logitsOf = async (base: BaseModel, adapted?: Parameters<typeof Inference.open>[1]) => {
  const inference = await Inference.open(base, adapted, { head: 'sequence', precision: 'fp32' });
  const logits = await inference.logits(texts);
  inference.close();
  return logits;
};

it('a new architecture is opened, counted, trained with LoRA and merged without a word of it elsewhere', async () => {
  const base = await openBaseModel(await checkpoint(), { head: 'sequence', seed: 3 });
  const head = ['hidden.weight', 'hidden.bias', 'proj.weight', 'proj.bias'].map(
    (name) => `score_head.${name}`,
  );
  expect(base.newlyInitialized).toEqual(head);
  expect(base.loading.unexpected).toEqual([]);
  expect(printTree(base.tree)).toContain('(0-1): 2 x ToyBlock(\n        (before): ToyRMSNorm((8,))');
  expect((await base.read('score_head.hidden.bias')).every((value) => value === 0)).toBe(true);

  const adapter = {
    peft_type: 'LORA',
    task_type: 'SEQ_CLS',
    r: 2,
    lora_alpha: 4,
    target_modules: ['qkv', 'gate'],
  };
  const plan = planAdapter(base, adapter, 'adapter');
  const lora = 2 * (2 * (8 + 24) + 2 * (8 + 16));
  expect(plan.counts.trainable).toBe(lora + (64 + 8) + (16 + 2));
  expect(plan.config['modules_to_save']).toEqual([
    'classifier',
    'score',
    'score_head.hidden',
    'score_head.proj',
  ]);

  const stepper = await Stepper.open({
    ...{ task: singleLabel, base, plan, seed: 1, precision: 'fp32', accumulate: false },
    attention: { kind: 'grouped', groups: 2 },
    optimizer: { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, maxGradNorm: 0, weightDecay: 0 },
  });
  const batch = { texts, targets: lossTargets([0, 1, 1, 0], 2, 0, null, 4) };
  const losses = Array.from({ length: 12 }, (_, step) => stepper.step([batch], 0.02, step + 1).loss);
  expect(losses.at(-1)).toBeLessThan(losses[0]! / 2);
  const trained = { plan, values: stepper.valuesOf(stepper.readState()) };
  stepper.close();

  const beside = await logitsOf(base, adaptation(base, trained, false));
  expect(relativeDifference(beside, await logitsOf(base))).toBeGreaterThan(0.1);
  expect(relativeDifference(await logitsOf(base, adaptation(base, trained)), beside)).toBeLessThan(1e-5);
  const merged = await adaptedValue(base, trained, 'toy.blocks.0.qkv.weight');
  expect(relativeDifference(merged, await base.read('toy.blocks.0.qkv.weight'))).toBeGreaterThan(0.001);
  await base.close();
});

it('positions are counted as the architecture does, and a text does not see its neighbours', async () => {
  const base = await openBaseModel(await checkpoint(), { head: 'none' });
  const inference = await Inference.open(base, undefined, { head: 'none', precision: 'fp32' });
  const all = await inference.embeddings(texts, 'cls');
  for (const [i, text] of texts.entries()) {
    const alone = await inference.embeddings([text], 'cls');
    expect(relativeDifference(alone, all.subarray(i * width, (i + 1) * width))).toBeLessThan(1e-5);
  }
  inference.close();
  await base.close();
});

it('what no architecture knows is refused with the list of those that are known', async () => {
  const folder = await checkpoint();
  await writeFile(path.join(folder, 'config.json'), JSON.stringify({ ...config, model_type: 'toys' }));
  const { message, remedy } = await faultOf(() => openBaseModel(folder, { head: 'sequence' }));
  expect(message).toContain('describes a model of type "toys"');
  expect(remedy).toMatch(/BERT, .*, Toy\./);
});
