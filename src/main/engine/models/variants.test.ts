/** Options of architectures that the golden cases leave out, against transformers and PEFT; made by fixtures/architectures/make.py. */
import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { readJsonFile } from '../formats/json.ts';
import { Graph } from '../graph/graph.ts';
import { reachable } from '../graph/saved-model.ts';
import { loadParameters, Session } from '../graph/session.ts';
import { relativeDifference } from '../graph/test-support.ts';
import { adaptation, readAdapter } from '../peft/adapter.ts';
import type { BaseModel } from './base-model.ts';
import type { EncodedText } from './batch.ts';
import { Inference } from './inference.ts';
import { Layers, type Adaptation } from './layers.ts';
import { parameterSpecs, printTree } from './module-tree.ts';
import { Parameters } from './parameters.ts';
import { openedModel, padded } from './test-support.ts';
import { tokenInputs, type Attention } from './token-inputs.ts';

const fixtures = path.resolve(import.meta.dirname, '../../../../fixtures/architectures');
const names = readdirSync(fixtures).filter((name) => statSync(path.join(fixtures, name)).isDirectory());

const rows = z.array(z.array(z.number()));
const caseSchema = z.object({
  input_ids: rows,
  logits: rows,
  cls: rows,
  mean_pooled: rows,
  token_texts: z.array(z.int()),
  token_logits: rows,
  adapter_logits: rows,
  merged_logits: rows,
  num_parameters: z.number(),
  modules: z.string(),
});
const read = async (name: string) =>
  caseSchema.parse(await readJsonFile(path.join(fixtures, name, 'cases.json')));
const texts = (ids: number[][]): EncodedText[] => ids.map((row) => ({ inputIds: Int32Array.from(row) }));

/** The head's outputs of texts, in the order in which the layout has them: one row a text, or a token. */
async function outputs(
  base: BaseModel,
  attention: Attention,
  of: readonly EncodedText[],
  adapted?: Adaptation,
): Promise<{ rows: Float32Array; order: number[] }> {
  const graph = new Graph();
  const specs = [...base.parameters, ...(adapted?.added ?? [])];
  const parameters = new Parameters(graph, specs, new Set());
  const layers = new Layers({ graph, parameters, compute: 'float32', fused: false, hooks: adapted?.hooks });
  const inputs = tokenInputs(graph, 'in', attention, base.config.heads);
  graph.signature('run', inputs.placeholders, { output: base.encoder.output(layers, inputs.batch) });
  const loading = parameters.addLoading(reachable(graph));
  const session = await Session.open(graph);
  await loadParameters(session, loading, (name) => (adapted ?? base).read(name));
  const { feeds, order } = inputs.feeds(of);
  const { output } = session.run('run', feeds);
  session.close();
  return { rows: Float32Array.from(output!), order };
}

const expectClose = (found: ArrayLike<number>, expected: number[][]): void =>
  expect(relativeDifference(found, expected.flat())).toBeLessThan(1e-5);

describe.each(names)('%s', (name) => {
  it('has the modules of transformers, and its logits and vectors, padded or not', async () => {
    const expected = await read(name);
    const base = await openedModel(path.join(fixtures, name));
    expect(base.newlyInitialized).toEqual([]);
    expect(printTree(base.tree)).toBe(expected.modules);
    const sizes = parameterSpecs(base.tree).map(({ shape }) => shape.reduce((a, b) => a * b, 1));
    expect(sizes.reduce((a, b) => a + b)).toBe(expected.num_parameters);
    const given = texts(expected.input_ids);
    const inference = await Inference.open(base, undefined, { head: 'sequence', precision: 'fp32' });
    expectClose(await inference.logits(given), expected.logits);
    const longest = Math.max(...given.map(({ inputIds }) => inputIds.length));
    expectClose(await inference.logits(given.map((text) => padded(text, longest + 3))), expected.logits);
    inference.close();
    const bare = await openedModel(path.join(fixtures, name), { head: 'none' });
    const vectors = await Inference.open(bare, undefined, { head: 'none', precision: 'fp32' });
    expectClose(await vectors.embeddings(given, 'cls'), expected.cls);
    expectClose(await vectors.embeddings(given, 'mean'), expected.mean_pooled);
    vectors.close();
  });

  it('gives the same in several rectangles and in an attention a text', async () => {
    const expected = await read(name);
    const base = await openedModel(path.join(fixtures, name));
    const given = texts(expected.input_ids);
    for (const attention of [
      { kind: 'grouped', groups: 1 },
      { kind: 'grouped', groups: 3 },
      { kind: 'sequence', texts: given.length },
    ] as const) {
      const found = await outputs(base, attention, given);
      expectClose(
        found.rows,
        found.order.map((text) => expected.logits[text]!),
      );
    }
  });

  it('gives each token its logits', async () => {
    const expected = await read(name);
    const base = await openedModel(path.join(fixtures, name, 'tokens'), { head: 'tokens' });
    expect(base.newlyInitialized).toEqual([]);
    const given = texts(expected.token_texts.map((text) => expected.input_ids[text]!));
    const found = await outputs(base, { kind: 'sequence', texts: given.length }, given);
    expectClose(found.rows, expected.token_logits);
  });

  it('answers as PEFT with an adapter beside it and merged into it', async () => {
    const expected = await read(name);
    const base = await openedModel(path.join(fixtures, name));
    const adapter = await readAdapter(path.join(fixtures, name, 'adapter'), base);
    const given = texts(expected.input_ids);
    for (const folded of [false, true]) {
      const adapted = adaptation(base, adapter, folded);
      const found = await outputs(base, { kind: 'sequence', texts: given.length }, given, adapted);
      expectClose(found.rows, folded ? expected.merged_logits : expected.adapter_logits);
    }
  });
});
