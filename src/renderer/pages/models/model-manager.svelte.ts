import type { AdapterPreview, OutputOf, Preset } from '../../../shared/contract.ts';
import { Resource, type Rpc } from '../../kit.ts';

/** Two classes stand for the head's where the checkpoint has none of its own. */
const ANY_LABELS = ['0', '1'];
const DEBOUNCE_MS = 120;

/** One model: its facts and tree, what a preset would touch in it, and its tokenizer to try. */
export class ModelManager extends Resource<OutputOf<'models/read'>> {
  presets = $state.raw<Preset[]>([]);
  /** Key of the preset shown in the tree; null: none. */
  preset = $state.raw<string | null>(null);
  /** What the preset's adapter would touch. */
  readonly preview: Resource<AdapterPreview>;
  readonly tokens: Resource<OutputOf<'models/tokenize'>>;
  #text = '';

  constructor(rpc: Rpc, id: string) {
    super(rpc, () => rpc.call('models/read', { id }), {
      'models/changed': (changed) => changed.id === null || changed.id === id,
    });
    this.tokens = new Resource(rpc, () => rpc.call('models/tokenize', { id, text: this.#text }));
    this.preview = new Resource(rpc, async () => {
      if (this.presets.length === 0) {
        this.presets = (await rpc.call('experiments/presets', { modelId: id })).presets;
        this.preset = this.presets[0]?.key ?? null;
      }
      const preset = this.presets.find(({ key }) => key === this.preset);
      if (!preset) return null;
      const labels = this.value?.model.headLabels ?? ANY_LABELS;
      return rpc.call('models/preview-adapter', { id, adapter: preset.adapter, labels });
    });
  }

  override async read(): Promise<void> {
    await super.read();
    const { model } = this.value ?? {};
    if (!this.fault && model?.present && model.supported && this.presets.length === 0)
      await this.preview.read();
  }

  /** Marks what a preset's adapter would touch; null marks nothing. */
  async show(key: string | null): Promise<void> {
    this.preset = key;
    await this.preview.replace();
    if (this.preview.fault) this.preview.value = null;
  }

  /** Tokenises what is typed; the answer to an older text is dropped. */
  tokenize(text: string): void {
    this.#text = text;
    this.tokens.replaceAfter(DEBOUNCE_MS);
  }
}
