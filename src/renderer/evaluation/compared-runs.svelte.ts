import type { Interval } from '../../shared/contract/compare.ts';
import type { FaultValue } from '../../shared/contract/message.ts';
import { faultOf, type RpcClient } from '../../shared/rpc-client.ts';
import { runLabels } from './run-labels.ts';

/** A run as the parts of a comparison show it: the same name and colour everywhere. */
export interface ComparedRun {
  id: string;
  name: string;
  /** Null: its rows are of no data set. */
  datasetId: string | null;
  /** Place among the colours, from 0. */
  colour: number;
  rows: number;
  accuracy: Interval | null;
  /** Null: no predictions are kept. */
  rowsKey: string | null;
  reason: string | null;
}
/** Runs that answered the same rows. */
export interface RowsGroup {
  rowsKey: string;
  rows: number;
  runs: ComparedRun[];
}

/** The runs of a comparison, and which of them can be laid beside each other row by row. */
export class ComparedRuns {
  readonly #rpc: Pick<RpcClient, 'call'>;
  readonly #ids: readonly string[];
  #runs = $state.raw<ComparedRun[] | null>(null);
  #fault = $state.raw<FaultValue | null>(null);
  #chosen = $state<string | null>(null);

  constructor(rpc: Pick<RpcClient, 'call'>, ids: readonly string[]) {
    this.#rpc = rpc;
    this.#ids = ids;
    void this.read();
  }

  /** Null until they were read. */
  get runs(): ComparedRun[] | null {
    return this.#runs;
  }
  get fault(): FaultValue | null {
    return this.#fault;
  }
  /** Runs without predictions. */
  get without(): ComparedRun[] {
    return (this.#runs ?? []).filter(({ rowsKey }) => rowsKey === null);
  }
  /** The largest first. */
  get groups(): RowsGroup[] {
    const answered = (this.#runs ?? []).filter(({ rowsKey }) => rowsKey !== null);
    return [...Map.groupBy(answered, ({ rowsKey }) => rowsKey ?? '')]
      .map(([rowsKey, runs]) => ({ rowsKey, rows: runs[0]?.rows ?? 0, runs }))
      .sort((a, b) => b.runs.length - a.runs.length);
  }
  /** The runs that are laid beside each other; null while there are several groups and none was chosen. */
  get together(): ComparedRun[] | null {
    const groups = this.groups;
    if (groups.length === 1) return groups[0]!.runs;
    return groups.find(({ rowsKey }) => rowsKey === this.#chosen)?.runs ?? null;
  }
  /** Null: back to the choice. */
  choose(rowsKey: string | null): void {
    this.#chosen = rowsKey;
  }

  async read(): Promise<void> {
    try {
      const { runs } = await this.#rpc.call('compare/read', { ids: [...this.#ids] });
      const byId = new Map(runs.map((run) => [run.experiment.id, run]));
      const known = this.#ids.flatMap((id) => byId.get(id) ?? []);
      const names = runLabels(known.map(({ experiment }) => experiment));
      this.#runs = known.map((run, colour) => ({
        id: run.experiment.id,
        name: names.get(run.experiment.id) ?? run.experiment.name,
        datasetId: run.experiment.datasetId,
        colour,
        rows: run.rows,
        accuracy: run.accuracy,
        rowsKey: run.rowsKey,
        reason: run.reason,
      }));
      this.#fault = null;
    } catch (error) {
      this.#fault = faultOf(error);
    }
  }
}
