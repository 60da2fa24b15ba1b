import { combinableMethods, methodLabel, methodOf } from '../../../shared/methods/index.ts';
import { z } from 'zod';
import { Pcg64 } from '../../../shared/random/pcg64.ts';
import { fault } from '../../../shared/faults/index.ts';
import type { JobContext } from '../jobs.ts';
import { openBaseModel, type BaseModel } from '../models/base-model.ts';
import type { ParameterSpec } from '../models/parameters.ts';
import { planAdapter, writeAdapter, type Adapter, type AdapterPlan } from '../peft/adapter.ts';
import { adapterFolderLabels } from '../peft/adapter-head.ts';
import type { LowRank, LowRankLayer } from '../peft/method.ts';
import { openAdapter } from '../peft/taken-out.ts';
import {
  combinations,
  combinedRank,
  combineLayer,
  openSvd,
  type CombinationOptions,
  type CombinedLayer,
} from '../peft/weighted-merge.ts';

const inputSchema = z.object({
  /** Folders. */
  model: z.string(),
  /** What others call the base, where its folder does not say it. */
  baseName: z.string().optional(),
  parts: z.array(z.object({ name: z.string(), folder: z.string(), weight: z.number() })).min(2),
  combination: z.enum(combinations),
  density: z.number(),
  majoritySign: z.enum(['total', 'frequency']),
  seed: z.number().int(),
  /** An empty folder. */
  output: z.string(),
});
/** Input of the job `merge-adapters`. */
export type MergeAdaptersInput = z.infer<typeof inputSchema>;

/** What is merged: an adapter as it was read, with the weight that a person gave. */
interface Part extends Adapter {
  name: string;
  weight: number;
  lowRank: LowRank;
}

/**
 * One adapter from several on one base, as PEFT 0.21's `add_weighted_adapter` makes it: rank and alpha of the result
 * are equal, and a module that only some adapt is made of those. What PEFT refuses to combine, whole modules that were
 * trained (the head), becomes their weighted mean. Throws `adapters/…`, and what reading an adapter throws.
 */
export async function mergeAdaptersJob(
  input: unknown,
  context: JobContext,
): Promise<{ rank: number; labels: string[] }> {
  const {
    model,
    baseName,
    parts: given,
    combination,
    output,
    density,
    majoritySign,
    seed,
  } = inputSchema.parse(input);
  const labelNames = await adapterFolderLabels(given[0]!.folder, model);
  const base = await openBaseModel(model, { head: 'sequence', ...(labelNames ? { labelNames } : {}) });
  const { svd, close } = await openSvd();
  try {
    const parts: Part[] = [];
    for (const part of given) parts.push(await readPart(part, base));
    const rank = combinedRank(
      combination,
      parts.map(({ lowRank }) => lowRank.rank),
    );
    const plan = mergedPlan(base, parts, rank);
    const options = { combination, density, majoritySign, random: new Pcg64(seed) };
    const { layers } = plan.method.lowRank!;
    const values = new Map<string, Float32Array>();
    for (const [done, layer] of [...layers.values()].entries()) {
      context.signal.throwIfAborted();
      context.onEvent({
        type: 'progress',
        phase: 'Combining layers',
        done,
        total: layers.size,
        unit: 'layers',
      });
      const combined = combinedLayer(parts, { ...layer, rank }, options, svd);
      values.set(layer.a, combined.a);
      values.set(layer.b, combined.b);
    }
    for (const [name, value] of savedModules(parts, plan)) values.set(name, value);
    await writeAdapter(output, base, plan, values, baseName);
    return { rank, labels: [...base.labelNames] };
  } finally {
    close();
    await base.close();
  }
}

async function readPart(
  { name, folder, weight }: MergeAdaptersInput['parts'][number],
  base: BaseModel,
): Promise<Part> {
  const adapter = await openAdapter(folder, base);
  const { config, method } = adapter.plan;
  if (!method.lowRank) {
    const type = String(config['peft_type']);
    if (methodOf(type)?.combinable)
      throw fault('adapters/not-plain', {
        name,
        method: methodLabel(config),
        combinable: combinableMethods(),
      });
    throw fault('adapters/not-an-adapter', { name, method: type, combinable: combinableMethods() });
  }
  if (method.trainedBase.size > 0)
    throw fault('adapters/merge-biases', { name, bias: String(config['bias']) });
  return { ...adapter, name, weight, lowRank: method.lowRank };
}

/** The first adapter's settings on the modules of all: rank and alpha as PEFT sets them. */
function mergedPlan(base: BaseModel, parts: readonly Part[], rank: number): AdapterPlan {
  const paths = new Set(parts.flatMap(({ lowRank }) => [...lowRank.layers.keys()]));
  const saved = parts.flatMap(({ plan }) => plan.config['modules_to_save'] as string[]);
  const fields = { ...parts[0]!.lowRank.with(rank, [...paths]), modules_to_save: [...new Set(saved)] };
  return planAdapter(base, fields, 'the merged adapter');
}

function combinedLayer(
  parts: readonly Part[],
  { path, rank, inFeatures, outFeatures }: LowRankLayer,
  options: CombinationOptions,
  svd: Parameters<typeof combineLayer>[3],
): CombinedLayer {
  const layers = parts.flatMap(({ lowRank, values, weight }) => {
    const layer = lowRank.layers.get(path);
    return layer ? [{ ...layer, a: values.get(layer.a)!, b: values.get(layer.b)!, weight }] : [];
  });
  const { combination } = options;
  const ranks = layers.map((layer) => layer.rank);
  if (combination !== 'cat' && !combination.endsWith('svd') && ranks.some((other) => other !== rank))
    throw fault('adapters/merge-ranks', { combination, layer: path, ranks });
  return combineLayer(layers, { inFeatures, outFeatures, rank }, options, svd);
}

/** Whole modules that were trained: the mean, each part as heavy as its weight. */
function savedModules(parts: readonly Part[], plan: AdapterPlan): [string, Float32Array][] {
  const added = new Set<ParameterSpec>(plan.method.added);
  const names = plan.saved.filter((spec) => !added.has(spec)).map(({ name }) => name);
  const total = parts.reduce((sum, { weight }) => sum + weight, 0);
  if (names.length > 0 && Math.abs(total) < 1e-6) throw fault('adapters/merge-weights', {});
  return names.map((name) => {
    const lacking = parts.find(({ values }) => !values.has(name));
    if (lacking) {
      const having = parts.find(({ values }) => values.has(name));
      throw fault('adapters/merge-saved', {
        parameter: name,
        first: having?.name ?? lacking.name,
        other: lacking.name,
      });
    }
    const mean = parts[0]!.values
      .get(name)!
      .map((_, i) =>
        parts.reduce((sum, { values, weight }) => sum + (weight / total) * values.get(name)![i]!, 0),
      );
    return [name, mean];
  });
}
