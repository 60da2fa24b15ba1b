import type { AdapterDetail } from '../../../shared/contract.ts';
import { Resource, type Rpc } from '../../kit.ts';

/** One adapter, live: where it came from, what it is, what was made of it. */
export class AdapterManager extends Resource<AdapterDetail> {
  readonly id: string;

  constructor(rpc: Rpc, id: string) {
    super(rpc, () => rpc.call('adapters/read', { id }), {
      'adapters/changed': (changed) => changed.id === null || changed.id === id,
      'models/changed': true,
      'exports/changed': ({ jobId }) => jobId === null,
      'exports/removed': true,
    });
    this.id = id;
  }

  async rename(name: string): Promise<void> {
    await this.attempt(async () => {
      const { adapter } = await this.rpc.call('adapters/update', { id: this.id, name });
      this.patch((detail) => ({ ...detail, adapter }));
    });
  }
}
