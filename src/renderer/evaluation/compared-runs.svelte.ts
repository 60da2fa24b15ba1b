import type { OutputOf } from '../../shared/contract.ts';
import { Resource, type Rpc } from '../kit.ts';
import { labelledRuns, type LabelledRun } from './labelled-runs.ts';

/** Runs that answered the same rows. */
export interface RowsGroup {
  rowsKey: string;
  rows: number;
  runs: LabelledRun[];
}

/** The runs of a comparison, and which of them can be laid beside each other row by row. */
export class ComparedRuns extends Resource<LabelledRun[]> {
  #chosen = $state<string | null>(null);

  constructor(rpc: Rpc, ids: readonly string[]) {
    super(rpc, async () => {
      const { runs } = await rpc.call('compare/read', { ids: [...ids] });
      const byId = new Map(runs.map((run) => [run.experiment.id, run]));
      return labelledRuns(ids.flatMap((id) => byId.get(id) ?? []));
    });
    void this.read();
  }

  /** Runs without predictions. */
  get without(): LabelledRun[] {
    return (this.value ?? []).filter(({ rowsKey }) => rowsKey === null);
  }
  /** The largest first. */
  get groups(): RowsGroup[] {
    const answered = (this.value ?? []).filter(({ rowsKey }) => rowsKey !== null);
    return [...Map.groupBy(answered, ({ rowsKey }) => rowsKey ?? '')]
      .map(([rowsKey, runs]) => ({ rowsKey, rows: runs[0]?.rows ?? 0, runs }))
      .sort((a, b) => b.runs.length - a.runs.length);
  }
  /** The runs that are laid beside each other; null while there are several groups and none was chosen. */
  get comparable(): LabelledRun[] | null {
    const groups = this.groups;
    if (groups.length === 1) return groups[0]!.runs;
    return groups.find(({ rowsKey }) => rowsKey === this.#chosen)?.runs ?? null;
  }
  /** Null: back to the choice. */
  choose(rowsKey: string | null): void {
    this.#chosen = rowsKey;
  }
}

/** The accuracy of runs on parts of their rows. */
export class SliceManager extends Resource<OutputOf<'compare/slices'>> {
  /** The column that rows are cut by; null: the text's length. */
  by = $state.raw<string | null>(null);

  constructor(rpc: Rpc, ids: readonly string[]) {
    super(rpc, () => rpc.call('compare/slices', { ids: [...ids], by: this.by }));
    void this.read();
  }

  /** Cuts by another column; the slices before stay until the answer. */
  cut(by: string | null): Promise<void> {
    this.by = by;
    return this.replace();
  }
}
