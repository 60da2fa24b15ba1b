import type { DataSource, Preview } from '../../shared/contract.ts';
import type { RpcClient } from '../kit.ts';

/** Previews for somebody who looks at one at a time: another look, or `stop`, gives up the one before. */
export class PreviewLook {
  readonly #rpc: Pick<RpcClient, 'call'>;
  #ticket: string | null = null;

  constructor(rpc: Pick<RpcClient, 'call'>) {
    this.#rpc = rpc;
  }

  /** Rejects with a RefusedError. */
  async at(source: DataSource): Promise<Preview> {
    this.stop();
    // randomUUID is only there where the page came encrypted or from this machine.
    const ticket = crypto.getRandomValues(new Uint32Array(4)).join('-');
    this.#ticket = ticket;
    try {
      return await this.#rpc.call('datasets/preview', { source, ticket });
    } finally {
      if (this.#ticket === ticket) this.#ticket = null;
    }
  }

  stop(): void {
    const ticket = this.#ticket;
    this.#ticket = null;
    // It ends at its deadline where nobody can be told.
    if (ticket !== null) this.#rpc.call('datasets/cancel-preview', { ticket }).catch(() => undefined);
  }
}
