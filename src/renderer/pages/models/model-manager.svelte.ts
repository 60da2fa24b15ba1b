import type { OutputOf } from '../../../shared/contract.ts';
import type { Preset } from '../../../shared/contract/experiments.ts';
import type { AdapterPreview } from '../../../shared/contract/models.ts';
import type { FaultValue } from '../../../shared/contract/message.ts';
import { faultOf, type RpcClient } from '../../../shared/rpc-client.ts';

export type Tokens = OutputOf<'models/tokenize'>;

/** Two classes stand for the head's where the checkpoint has none of its own. */
const ANY_LABELS = ['0', '1'];
const DEBOUNCE_MS = 120;

/** One model: its facts and tree, what a preset would touch in it, and its tokenizer to try. */
export class ModelManager {
  readonly id: string;
  readonly #rpc: Pick<RpcClient, 'call' | 'on'>;
  #detail = $state.raw<OutputOf<'models/read'> | null>(null);
  #presets = $state.raw<Preset[]>([]);
  #preset = $state.raw<string | null>(null);
  #preview = $state.raw<AdapterPreview | null>(null);
  #tokens = $state.raw<Tokens | null>(null);
  #fault = $state.raw<FaultValue | null>(null);
  #previewFault = $state.raw<FaultValue | null>(null);
  #tokenizeFault = $state.raw<FaultValue | null>(null);
  #previewTurn = 0;
  #tokenTurn = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(rpc: Pick<RpcClient, 'call' | 'on'>, id: string) {
    this.#rpc = rpc;
    this.id = id;
  }

  get detail(): OutputOf<'models/read'> | null {
    return this.#detail;
  }
  get presets(): Preset[] {
    return this.#presets;
  }
  /** Key of the preset shown in the tree; null: none. */
  get preset(): string | null {
    return this.#preset;
  }
  get preview(): AdapterPreview | null {
    return this.#preview;
  }
  get tokens(): Tokens | null {
    return this.#tokens;
  }
  get fault(): FaultValue | null {
    return this.#fault;
  }
  get previewFault(): FaultValue | null {
    return this.#previewFault;
  }
  get tokenizeFault(): FaultValue | null {
    return this.#tokenizeFault;
  }

  /** Keeps up with changes; returns its own unsubscribe. */
  listen(): () => void {
    void this.read();
    return this.#rpc.on('models/changed', ({ id }) => {
      if (id === null || id === this.id) void this.read();
    });
  }

  async read(): Promise<void> {
    try {
      this.#detail = await this.#rpc.call('models/read', { id: this.id });
      this.#fault = null;
    } catch (error) {
      this.#fault = faultOf(error);
      return;
    }
    if (!this.#detail.model.present || !this.#detail.model.supported || this.#presets.length > 0) return;
    try {
      const { presets } = await this.#rpc.call('experiments/presets', { modelId: this.id });
      this.#presets = presets;
      const first = presets[0];
      if (first) await this.show(first.key);
    } catch (error) {
      this.#previewFault = faultOf(error);
    }
  }

  /** Marks what a preset's adapter would touch; null marks nothing. */
  async show(key: string | null): Promise<void> {
    const turn = ++this.#previewTurn;
    this.#preset = key;
    this.#previewFault = null;
    const preset = this.#presets.find((one) => one.key === key);
    if (!preset) {
      this.#preview = null;
      return;
    }
    try {
      const preview = await this.#rpc.call('models/preview-adapter', {
        id: this.id,
        adapter: preset.adapter,
        labels: this.#detail?.model.headLabels ?? ANY_LABELS,
      });
      if (turn === this.#previewTurn) this.#preview = preview;
    } catch (error) {
      if (turn !== this.#previewTurn) return;
      this.#preview = null;
      this.#previewFault = faultOf(error);
    }
  }

  /** Tokenises what is typed; the answer to an older text is dropped. */
  tokenize(text: string, textPair = ''): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#tokenize(text, textPair), DEBOUNCE_MS);
  }

  async #tokenize(text: string, textPair: string): Promise<void> {
    const turn = ++this.#tokenTurn;
    try {
      const tokens = await this.#rpc.call('models/tokenize', {
        id: this.id,
        text,
        ...(textPair === '' ? {} : { textPair }),
      });
      if (turn !== this.#tokenTurn) return;
      this.#tokens = tokens;
      this.#tokenizeFault = null;
    } catch (error) {
      if (turn === this.#tokenTurn) this.#tokenizeFault = faultOf(error);
    }
  }
}
