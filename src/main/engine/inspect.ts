import type { FaultValue } from '../../shared/contract/message.ts';
import type { Loading } from '../../shared/contract/models.ts';
import type { ParameterCounts } from './jobs.ts';
import { openBaseModel } from './models/base-model.ts';
import type { CheckpointHead } from './models/checkpoint-head.ts';
import { printTree } from './models/module-tree.ts';
import { elements } from './models/parameters.ts';
import { lostLayers, planAdapter, type LostLayers } from './peft/adapter.ts';
import { savedModules } from './peft/targets.ts';
import { tokenizerNotes } from './tokenizer/load-tokenizer.ts';

export interface ModelReport {
  folder: string;
  /** What `print(model)` gives, with the modules that an adapter touches marked. */
  tree: string;
  parameters: number;
  /** Of the head that answers; none where the checkpoint has none that does. */
  labels: readonly string[];
  /** What the checkpoint's own head is for. */
  head: CheckpointHead;
  /** Parameters that are drawn anew. */
  newly_initialized: readonly string[];
  /** What the checkpoint has otherwise than the model. */
  loading: Loading;
  /** With an adapter configuration: its three figures. */
  adapter: ParameterCounts | null;
  /** Layers that the adapter needs, and that neither it nor the checkpoint has: null with all that it needs, and without one. */
  lost_layers: LostLayers | null;
  /** What the tokenizer's files say in vain, or why they cannot be read. */
  tokenizer_notes: readonly FaultValue[];
}

/** Describes a checkpoint as a sequence classifier. Throws faults of models, formats and peft. */
export async function inspectModel(
  folder: string,
  adapterConfig?: Readonly<Record<string, unknown>>,
  labelNames?: readonly string[],
  adapterFolder?: string,
): Promise<ModelReport> {
  const base = await openBaseModel(folder, { head: 'sequence', ...(labelNames ? { labelNames } : {}) });
  try {
    const plan = adapterConfig && planAdapter(base, adapterConfig, 'adapter');
    const saved = new Set(plan ? savedModules(base.tree, plan.config['modules_to_save'] as string[]) : []);
    const missing = new Set(base.newlyInitialized.map((name) => name.replace(/\.[^.]+$/, '')));
    const mark = (path: string): string | undefined => {
      const change = plan?.method.targets.get(path);
      const remarks = [
        ...(change === undefined ? [] : [change]),
        ...(saved.has(path) ? ['trained and saved whole'] : []),
        ...(missing.has(path) ? ['newly initialised'] : []),
      ];
      return remarks.length > 0 ? remarks.join('; ') : undefined;
    };
    return {
      folder,
      tree: printTree(base.tree, mark),
      parameters: base.parameters.reduce((sum, { shape }) => sum + elements(shape), 0),
      labels: labelNames ?? (base.ownHead.kind === 'classes' ? base.labelNames : []),
      head: base.ownHead,
      newly_initialized: base.newlyInitialized,
      loading: base.loading,
      adapter: plan?.counts ?? null,
      lost_layers: adapterFolder === undefined ? null : await lostLayers(adapterFolder, base),
      tokenizer_notes: (await tokenizerNotes(folder, base.config.vocab_size)).map((note) => note.toJSON()),
    };
  } finally {
    await base.close();
  }
}
