import type { AdapterPreview } from '../../../shared/contract/models.ts';
import { Fault, fault } from '../../../shared/faults/index.ts';
import { nearestName } from '../../../shared/settings/nearest.ts';
import { openBaseModel } from '../../engine/models/base-model.ts';
import { walk, type ModuleNode } from '../../engine/models/module-tree.ts';
import { elements } from '../../engine/models/parameters.ts';
import { planAdapter, requireSavedModules, type AdapterPlan } from '../../engine/peft/adapter.ts';
import { savedModules } from '../../engine/peft/targets.ts';

/**
 * What an adapter with these fields of adapter_config.json would touch in a model that gets a head for `labels`.
 * Throws `peft/…`, with the name nearest to a misspelt one, and `files/…`, `formats/…`, `models/…`.
 */
export async function previewAdapter({
  folder,
  adapter,
  labels,
}: {
  folder: string;
  adapter: Readonly<Record<string, unknown>>;
  labels: readonly string[];
}): Promise<AdapterPreview> {
  if (adapter['inference_mode'] === true) throw fault('peft/inference-mode', { source: 'adapter' });
  const base = await openBaseModel(folder, { head: 'sequence', labelNames: labels });
  try {
    const plan = planned(
      () => {
        requireSavedModules(base, adapter);
        return planAdapter(base, adapter, 'adapter');
      },
      base.tree,
      adapter,
    );
    const { trainable, all, trainable_percent } = plan.counts;
    return {
      targets: [...plan.method.targets.keys()],
      trainable,
      all,
      trainablePercent: trainable_percent,
      bytes: fileBytes(plan),
      saved: savedModules(base.tree, plan.config['modules_to_save'] as string[]),
      unmatched: unmatchedTargets(base.tree, adapter),
    };
  } finally {
    await base.close();
  }
}

/** The plan, or its fault with the name that was probably meant. */
function planned(
  plan: () => AdapterPlan,
  tree: ModuleNode,
  adapter: Readonly<Record<string, unknown>>,
): AdapterPlan {
  try {
    return plan();
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const nearest = error.code === 'peft/no-target' ? unmatchedTargets(tree, adapter)[0]?.nearest : null;
    if (nearest == null) throw error;
    const { code, message, remedy } = error;
    throw new Fault(code, { message, remedy: `Did you mean "${nearest}"? ${remedy}` }, error);
  }
}

/** The names in a list of target modules that no linear module ends with. */
function unmatchedTargets(
  tree: ModuleNode,
  { target_modules: targets }: Readonly<Record<string, unknown>>,
): AdapterPreview['unmatched'] {
  const linear = [...walk(tree)].filter(({ node }) => node.type === 'Linear').map(({ path }) => path);
  const names = new Set(linear.flatMap((path) => [path.split('.').at(-1)!, path]));
  const given = Array.isArray(targets) ? targets.map(String) : [];
  return given
    .filter((target) => !linear.some((path) => path === target || path.endsWith(`.${target}`)))
    .map((name) => ({ name, nearest: nearestName(name, names) }));
}

/** Bytes of adapter_model.safetensors: length, header, float32 values. */
function fileBytes({ saved, method }: AdapterPlan): number {
  let end = 0;
  const entries = saved.map(({ name, shape }) => {
    const offsets = [end, (end += 4 * elements(shape))];
    return `${JSON.stringify(method.fileKey(name))}:${JSON.stringify({ dtype: 'F32', shape, data_offsets: offsets })}`;
  });
  const header = Buffer.byteLength(`{"__metadata__":{"format":"pt"},${entries.join(',')}}`);
  return 8 + 8 * Math.ceil(header / 8) + end;
}
