/** Adapters whose start was taken out of the base: trained on what is left, written for the base as it is. */
import type { BaseModel } from '../models/base-model.ts';
import { planAdapter, readAdapter, type Adapter, type AdapterPlan } from './adapter.ts';
import { addProduct } from './lora.ts';
import { openSvd } from './weighted-merge.ts';

/** What is left of a base, and the start itself by the names of parameters. */
interface Rest {
  base: BaseModel;
  first: ReadonlyMap<string, Float32Array>;
}

/** undefined: the method takes nothing out. */
export async function restOf(base: BaseModel, { method }: AdapterPlan): Promise<Rest | undefined> {
  const { takenOut } = method;
  if (!takenOut) return undefined;
  const first = new Map<string, Float32Array>();
  const { svd, close } = await openSvd();
  try {
    for (const layer of takenOut.layers.values()) {
      const { a, b } = takenOut.factors(await base.read(`${layer.path}.weight`), layer, svd);
      first.set(layer.a, a).set(layer.b, b);
    }
  } finally {
    close();
  }
  const read = async (name: string): Promise<Float32Array> => {
    const value = await base.read(name);
    const layer = takenOut.layers.get(name.replace(/\.weight$/, ''));
    if (layer && name.endsWith('.weight'))
      addProduct(value, first.get(layer.b)!, first.get(layer.a)!, { ...layer, scaling: -layer.scaling });
    return value;
  };
  return { base: { ...base, read }, first };
}

/** The adapter for the base as it is: [B, -B₀]·[A; A₀], of twice the rank; it counts what was trained. */
export function onWholeBase(base: BaseModel, { plan, values }: Adapter, first: Rest['first']): Adapter {
  const { layers, fields } = plan.method.takenOut!;
  const written = planAdapter(base, { ...plan.config, ...fields }, 'adapter');
  const whole = new Map(values);
  for (const { a, b, rank, outFeatures } of layers.values()) {
    const rows = new Float32Array(2 * values.get(a)!.length);
    rows.set(values.get(a)!);
    rows.set(first.get(a)!, values.get(a)!.length);
    whole.set(a, rows);
    const both = new Float32Array(2 * rank * outFeatures);
    for (let i = 0; i < outFeatures; i++) {
      both.set(values.get(b)!.subarray(i * rank, (i + 1) * rank), 2 * i * rank);
      const taken = first.get(b)!.subarray(i * rank, (i + 1) * rank);
      both.set(
        taken.map((value) => -value),
        (2 * i + 1) * rank,
      );
    }
    whole.set(b, both);
  }
  return { plan: { ...written, counts: plan.counts }, values: whole };
}

/** `readAdapter`, for the base as it is. */
export async function openAdapter(folder: string, base: BaseModel): Promise<Adapter> {
  const adapter = await readAdapter(folder, base);
  const rest = await restOf(base, adapter.plan);
  return rest ? onWholeBase(base, adapter, rest.first) : adapter;
}
