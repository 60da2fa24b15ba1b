import type { ExportSource } from '../../../shared/contract/exports.ts';
import type { Rpc } from '../../rpc.ts';
import { lineageSteps, type LineageStep } from '../../components/lineage-steps.ts';

/** Where the trained model of an export came from. Empty where its source was removed. */
export async function sourceLineage(rpc: Pick<Rpc, 'call'>, source: ExportSource): Promise<LineageStep[]> {
  try {
    if (source.kind === 'adapter') return lineageSteps(await rpc.call('adapters/read', { id: source.id }));
    const { experiment, adapterId } = await rpc.call('experiments/read', { id: source.id });
    if (adapterId !== null) return lineageSteps(await rpc.call('adapters/read', { id: adapterId }));
    return [
      {
        what: 'Experiment',
        entries: [
          { name: experiment.name, note: experiment.dataName, path: `/experiments/${experiment.id}` },
        ],
      },
    ];
  } catch {
    return [];
  }
}
