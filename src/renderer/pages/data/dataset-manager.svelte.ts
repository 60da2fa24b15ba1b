import type { Dataset, DatasetVersion, FindingCode, Finding } from '../../../shared/contract/datasets.ts';
import type { FaultValue } from '../../../shared/contract/message.ts';
import { faultOf, type RpcClient } from '../../../shared/rpc-client.ts';
import { withData } from '../../forms/spec-choice.ts';
import { changeDraft } from '../../forms/window-draft.ts';

type Rpc = Pick<RpcClient, 'call' | 'on'>;

/** One data set with its versions, and which of them is looked at. */
export class DatasetManager {
  readonly id: string;
  readonly #rpc: Rpc;
  #dataset = $state.raw<Dataset | null>(null);
  #versions = $state.raw<DatasetVersion[]>([]);
  #chosen = $state.raw<string | null>(null);
  #fault = $state.raw<FaultValue | null>(null);

  constructor(rpc: Rpc, id: string) {
    this.#rpc = rpc;
    this.id = id;
  }

  get dataset(): Dataset | null {
    return this.#dataset;
  }
  /** Newest first. */
  get versions(): DatasetVersion[] {
    return this.#versions;
  }
  /** The one chosen, else the latest. */
  get version(): DatasetVersion | null {
    return this.#versions.find(({ id }) => id === this.#chosen) ?? this.#dataset?.latest ?? null;
  }
  get fault(): FaultValue | null {
    return this.#fault;
  }

  /** Null: the latest, also when newer ones come. */
  choose(versionId: string | null): void {
    this.#chosen = versionId;
  }

  /** Keeps up with changes; returns its own unsubscribe. */
  listen(): () => void {
    void this.read();
    return this.#rpc.on('datasets/changed', ({ id }) => {
      if (id === null || id === this.id) void this.read();
    });
  }

  async read(): Promise<void> {
    try {
      const { dataset, versions } = await this.#rpc.call('datasets/read', { id: this.id });
      this.#dataset = dataset;
      this.#versions = [...versions].sort((a, b) => b.number - a.number);
      this.#fault = null;
    } catch (error) {
      this.#fault = faultOf(error);
    }
  }

  async rename(name: string): Promise<void> {
    await this.#rpc.call('datasets/rename', { id: this.id, name });
    await this.read();
  }

  /** Starts the job that makes a repaired version. */
  async repair(versionId: string, finding: FindingCode, action: Finding['repairs'][number]['action']) {
    const { jobId } = await this.#rpc.call('datasets/repair', { versionId, finding, action });
    return jobId;
  }

  /** Puts the version into the draft of the next experiment, with its splits where their names speak. */
  async useInDraft(version: DatasetVersion): Promise<void> {
    await changeDraft(this.#rpc, (draft) => {
      const before = this.#versions.find(({ id }) => id === draft.versionId) ?? null;
      return withData(draft, version, before).draft;
    });
  }
}
