import { fault } from '../../../shared/faults/index.ts';
import type { BaseModel } from '../models/base-model.ts';
import { adapterFolderLabels } from './adapter-head.ts';
import { readAdapter, type Adapter, type AdapterPlan } from './adapter.ts';

/**
 * What an adapter has of the values of `plan`, for training to go on from; layers that were lost with it are left to be
 * drawn. Throws `training/init-adapter` where it trains other parameters, and what `readAdapter` throws.
 */
export async function initialValues(
  folder: string,
  base: BaseModel,
  plan: AdapterPlan,
): Promise<Adapter['values']> {
  await adapterFolderLabels(folder, base.folder);
  const initial = await readAdapter(folder, base, 'left out');
  const [wanted, found] = [plan, initial.plan].map(({ trained }) =>
    trained.map(({ name, shape }) => `${name} [${shape.join(', ')}]`),
  );
  const different =
    wanted!.find((spec) => !found!.includes(spec)) ?? found!.find((spec) => !wanted!.includes(spec));
  if (different !== undefined) throw fault('training/init-adapter', { folder, parameter: different });
  return initial.values;
}
