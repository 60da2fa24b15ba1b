import type { ExperimentSpec, PreflightFinding } from '../../../../shared/contract/experiments.ts';
import type { Fault } from '../../../../shared/faults/index.ts';
import { nearestName } from '../../../../shared/settings/nearest.ts';
import type { BaseModel } from '../../../engine/models/base-model.ts';
import { walk } from '../../../engine/models/module-tree.ts';
import { attentionTargets } from '../presets.ts';
import { faultFinding, finding, names } from './finding.ts';

/** Labels of the data against those of the base model's own head, as the run would settle them. */
export function labelFinding(
  labels: readonly string[],
  head: readonly string[] | null,
  modelId: string,
): PreflightFinding {
  const repair = { label: 'Look at the labels', link: `/models/${modelId}` };
  if (!head) {
    return finding('labels-new-head', 'good', 'The model gets a new head for the labels of the data.', {
      detail: `${names(labels)}. It is trained and saved with the adapter.`,
    });
  }
  const folded = new Set(head.map((name) => name.toLowerCase()));
  const sameNames = labels.length === head.length && labels.every((name) => folded.has(name.toLowerCase()));
  if (sameNames) {
    const permuted = labels.some((name, i) => name.toLowerCase() !== head[i]!.toLowerCase());
    return finding(
      permuted ? 'labels-permuted' : 'labels-agree',
      'good',
      "The labels are those of the model's own head, which is trained further.",
      permuted ? { detail: `They are kept in the head's order: ${names(head)}.` } : {},
    );
  }
  if (labels.length !== head.length) {
    return finding(
      'labels-number',
      'info',
      `The data has ${labels.length} labels, the model's own head ${head.length}: it gets a new head.`,
      { detail: `The head's labels: ${names(head)}. The new head is trained and saved with the adapter.` },
    );
  }
  if (labels.every((name, i) => name === String(i))) {
    return finding('labels-numbers', 'info', "The labels are numbers and are taken as the head's own.", {
      detail: head.map((name, i) => `${i} = ${name}`).join(', '),
      repair,
    });
  }
  const named = labels.map((name, i) => `${head[i]!} → ${name}`);
  return finding(
    'labels-other',
    'warning',
    "The model's own head has as many labels, with other names: training starts from its weights.",
    {
      detail: `In this order: ${names(named)}. Where that is not meant, training has to unlearn it.`,
      repair,
    },
  );
}

/** A head of another task, which the run does not train further. */
export function otherHeadFinding({ ownHead }: BaseModel): PreflightFinding | null {
  if (ownHead.kind !== 'other') return null;
  return finding('other-head', 'info', `The base is ${ownHead.what}: that head is not used.`, {
    detail: `${ownHead.file}: ${ownHead.seen}. A new head is trained and saved with the adapter.`,
  });
}

/** Layers that the checkpoint lacks. */
export function newLayersFinding(base: BaseModel): PreflightFinding | null {
  if (base.newlyInitialized.length === 0) return null;
  const modules = [...new Set(base.newlyInitialized.map((name) => name.replace(/\.[^.]+$/, '')))];
  return finding(
    'new-layers',
    'good',
    `${names(modules)} ${modules.length === 1 ? 'is' : 'are'} not in the checkpoint: trained, and saved with the adapter.`,
    { detail: 'First values are drawn from the seed.' },
  );
}

export function inferenceModeFinding({ adapter }: ExperimentSpec): PreflightFinding | null {
  if (adapter['inference_mode'] !== true) return null;
  return finding('inference-mode', 'error', 'inference_mode is true: the adapter would be frozen.', {
    detail: 'Nothing would be trained. The saved adapter_config.json gets it by itself.',
    repair: { label: 'Take it out', patch: { adapter: { inference_mode: null } } },
  });
}

/** Why an adapter cannot be made for this model, with the names that were probably meant. */
export function adapterFault(
  fault: Fault,
  base: BaseModel,
  adapter: ExperimentSpec['adapter'],
): PreflightFinding {
  const paths = [...walk(base.tree)].filter(({ path }) => path !== '');
  if (fault.code === 'peft/no-target') {
    const linear = new Set(paths.filter(({ node }) => node.type === 'Linear').map(({ node }) => node.name));
    const asked = Array.isArray(adapter['target_modules']) ? adapter['target_modules'].map(String) : [];
    const near = asked.flatMap((name) => nearestName(name, linear) ?? []);
    const targets = near.length > 0 ? [...new Set(near)] : attentionTargets(base.tree);
    const shown = typeof targets === 'string' ? targets : targets.join(', ');
    return faultFinding(fault, { label: `Use ${shown}`, patch: { adapter: { target_modules: targets } } });
  }
  if (fault.code === 'peft/no-target-modules') {
    const targets = attentionTargets(base.tree);
    return faultFinding(fault, {
      label: `Use ${targets.toString()}`,
      patch: { adapter: { target_modules: targets } },
    });
  }
  if (fault.code === 'peft/no-module') {
    return faultFinding(fault, { label: 'Leave it to Graft', patch: { adapter: { modules_to_save: null } } });
  }
  return faultFinding(fault);
}
