import type { ExperimentSpec, PreflightFinding } from '../../../../shared/contract/experiments.ts';
import type { Fault } from '../../../../shared/faults/index.ts';
import { nearestName } from '../../../../shared/settings/nearest.ts';
import type { BaseModel } from '../../../engine/models/base-model.ts';
import { walk } from '../../../engine/models/module-tree.ts';
import { attentionTargets } from '../presets.ts';
import { faultFinding, finding, names, type Repair } from './finding.ts';

/** Labels of the data against those of the base model's own head, as the run would settle them. */
export function labelFinding(
  labels: readonly string[],
  head: readonly string[] | null,
  modelId: string,
): PreflightFinding {
  const repair = { label: 'Look at the labels', link: `/models/${modelId}` };
  if (!head) return finding('labels-new-head', 'good', { labels: names(labels) });
  const folded = head.map((name) => name.toLowerCase());
  const isSameNumber = labels.length === head.length;
  if (isSameNumber && labels.every((name) => folded.includes(name.toLowerCase()))) {
    const isPermuted = labels.some((name, i) => name.toLowerCase() !== folded[i]);
    return isPermuted
      ? finding('labels-permuted', 'good', { head: names(head) })
      : finding('labels-agree', 'good', {});
  }
  if (!isSameNumber)
    return finding('labels-number', 'info', { labels: labels.length, heads: head.length, head: names(head) });
  if (labels.every((name, i) => name === String(i))) {
    const numbered = head.map((name, i) => `${i} = ${name}`).join(', ');
    return finding('labels-numbers', 'info', { head: numbered }, repair);
  }
  const named = names(labels.map((name, i) => `${head[i]!} → ${name}`));
  return finding('labels-other', 'warning', { named }, repair);
}

/** A head of another task, which the run does not train further, and layers that the checkpoint lacks. */
export function layerFindings({ ownHead, newlyInitialized }: BaseModel): PreflightFinding[] {
  const modules = [...new Set(newlyInitialized.map((name) => name.replace(/\.[^.]+$/, '')))];
  return [
    ...(ownHead.kind === 'other' ? [finding('other-head', 'info', ownHead)] : []),
    ...(modules.length > 0 ? [finding('new-layers', 'good', { list: names(modules), modules })] : []),
  ];
}

/** Said where the architecture has one layer for query, key and value, and an adapter goes to it. */
export function fusedFinding(
  { architecture }: BaseModel,
  targets: Iterable<string>,
): PreflightFinding | null {
  const [name, ...others] = architecture.names.attention;
  if (name === undefined || others.length > 0) return null;
  return [...targets].some((target) => target.endsWith(`.${name}`))
    ? finding('fused-attention', 'info', { name })
    : null;
}

export function inferenceModeFinding({ adapter }: ExperimentSpec): PreflightFinding | null {
  if (adapter['inference_mode'] !== true) return null;
  const repair = { label: 'Take it out', patch: { adapter: { inference_mode: null } } };
  return finding('inference-mode', 'error', {}, repair);
}

/** Why an adapter cannot be made for this model, with the names that were probably meant. */
export function adapterFault(
  fault: Fault,
  base: BaseModel,
  adapter: ExperimentSpec['adapter'],
): PreflightFinding {
  const use = (targets: string[]): Repair => ({
    label: `Use ${targets.join(', ')}`,
    patch: { adapter: { target_modules: targets } },
  });
  if (fault.code === 'peft/no-target') {
    const linear = [...walk(base.tree)]
      .filter(({ node }) => node.type === 'Linear')
      .map(({ node }) => node.name);
    const asked = Array.isArray(adapter['target_modules']) ? adapter['target_modules'].map(String) : [];
    const near = asked.flatMap((name) => nearestName(name, new Set(linear)) ?? []);
    return faultFinding(fault, use(near.length > 0 ? [...new Set(near)] : attentionTargets(base)));
  }
  if (fault.code === 'peft/shared-layers')
    return faultFinding(fault, {
      label: 'Take all layers',
      patch: { adapter: { layers_to_transform: null } },
    });
  return fault.code === 'peft/no-module'
    ? faultFinding(fault, { label: 'Leave it to Graft', patch: { adapter: { modules_to_save: null } } })
    : faultFinding(fault);
}
