import type {
  Export,
  ExportSource,
  ExportTarget,
  FaultValue,
  OutputOf,
  TargetOffer,
} from '../../../shared/contract.ts';
import { Resource, type Rpc } from '../../kit.ts';

type Offer = OutputOf<'exports/offer'>;
export type Precision = 'fp32' | 'bf16' | 'fp16';

/** Ticked at first: what most people come for. The others are a click away. */
const usual: readonly ExportTarget[] = ['hf', 'peft', 'onnx', 'onnx-int8', 'savedmodel', 'script'];
/** The code of a fault that a second, deliberate click may pass over. */
const EXISTS = 'export/exists';
/** Written in the chosen precision; the others have their own. */
const ofChosenPrecision = (target: ExportTarget): boolean => target === 'hf' || target === 'embedding';

/** The form of an export: what can be made of a trained model, what is ticked, and where it goes. */
export class OfferManager extends Resource<Offer> {
  readonly source: ExportSource;
  /** The start was refused because something lies there already: it can be replaced. */
  exists = $state.raw<FaultValue | null>(null);
  name = $state('');
  folder = $state('');
  precision = $state<Precision>('fp32');
  mostPointsLost = $state<number | null>(1);
  pooling = $state<'mean' | 'cls' | null>(null);
  #chosen = $state.raw<ReadonlySet<ExportTarget>>(new Set());
  /** Name, folder and ticks were proposed once; from then on they are the person's. */
  #proposed = false;

  constructor(rpc: Rpc, source: ExportSource) {
    super(rpc, () => rpc.call('exports/offer', { source }));
    this.source = source;
  }

  /** The ticked ones, in the order of the offer. */
  readonly chosen = $derived.by(() =>
    (this.value?.targets ?? []).filter(({ target }) => this.#chosen.has(target)),
  );
  /** About, of what is ticked and known. */
  readonly bytes = $derived.by(() =>
    this.chosen.reduce((sum, target) => sum + (this.bytesOf(target) ?? 0), 0),
  );
  /** About; null where nothing like it was written before. */
  readonly seconds = $derived.by(() =>
    this.chosen.length === 0 || this.chosen.some(({ seconds }) => seconds === null)
      ? null
      : this.chosen.reduce((sum, { seconds }) => sum + (seconds ?? 0), 0),
  );

  /** Whether something is ticked that is proved: a script is not. */
  readonly proves = $derived.by(() => this.chosen.some(({ target }) => target !== 'script'));

  has(target: ExportTarget): boolean {
    return this.#chosen.has(target);
  }
  /** About how large a target becomes; the merged weights take half the room in a half precision. */
  bytesOf({ target, bytes }: TargetOffer): number | null {
    return bytes !== null && ofChosenPrecision(target) && this.precision !== 'fp32' ? bytes / 2 : bytes;
  }
  precisionOf({ target, precision }: TargetOffer): string {
    return ofChosenPrecision(target) ? this.precision : precision;
  }
  /** Whether the choice of a precision changes something. */
  get asksPrecision(): boolean {
    return this.chosen.some(({ target }) => ofChosenPrecision(target));
  }
  /** Where it was offered to go; null: it goes elsewhere, where nothing is known. */
  get freeBytes(): number | null {
    const offered = this.value?.folder.replace(/[^\\/]+[\\/]*$/, '') ?? '';
    return this.folder.startsWith(offered) ? (this.value?.freeBytes ?? null) : null;
  }
  toggle(target: ExportTarget): void {
    const next = new Set(this.#chosen);
    if (!next.delete(target)) next.add(target);
    this.#chosen = next;
  }
  get all(): boolean {
    const possible = possibleOf(this.value);
    return possible.length > 0 && possible.every((target) => this.has(target));
  }
  /** Ticks all that can be made, or none. */
  toggleAll(): void {
    this.#chosen = new Set(this.all ? [] : possibleOf(this.value));
  }
  /** Goes into a folder of the export's own inside the one that was chosen. */
  putInto(parent: string): void {
    const parts = this.folder.split(/[\\/]/).filter(Boolean);
    const separator = this.folder.includes('\\') ? '\\' : '/';
    this.folder = `${parent.replace(/[\\/]+$/, '')}${separator}${parts.at(-1) ?? 'export'}`;
  }

  /** Why it cannot start; null: it can. */
  get reason(): string | null {
    if (this.chosen.length === 0) return 'Tick one target at least.';
    if (this.folder.trim() === '') return 'Choose where it goes.';
    if (this.name.trim() === '') return 'It needs a name.';
    if (
      this.has('onnx-int8') &&
      (this.mostPointsLost === null || this.mostPointsLost < 0 || this.mostPointsLost > 100)
    )
      return 'The points that int8 may lose lie between 0 and 100.';
    return null;
  }

  /** Resolves to the export that is being written; null where it was refused: `refused` or `exists` says why. */
  async start(overwrite = false): Promise<Export | null> {
    if (this.reason !== null) return null;
    this.exists = null;
    const reply = await this.attempt(() =>
      this.rpc.call('exports/start', {
        source: this.source,
        name: this.name.trim(),
        targets: this.chosen.map(({ target }) => target),
        folder: this.folder.trim(),
        precision: this.precision,
        ...(this.mostPointsLost === null ? {} : { mostPointsLost: this.mostPointsLost }),
        overwrite,
        pooling: this.pooling,
      }),
    );
    if (this.refused?.code === EXISTS) [this.exists, this.refused] = [this.refused, null];
    return reply?.export ?? null;
  }
  protected override taken(offer: Offer): void {
    if (!this.#proposed) {
      this.name = offer.name;
      this.folder = offer.folder;
    }
    const ticked = this.#proposed ? [...this.#chosen] : usual;
    const possible = offer.refused === null ? possibleOf(offer) : [];
    this.#chosen = new Set(ticked.filter((target) => possible.includes(target)));
    this.#proposed ||= offer.refused === null;
  }
}

const possibleOf = (offer: Offer | null): ExportTarget[] =>
  (offer?.targets ?? []).filter(({ refused }) => refused === null).map(({ target }) => target);
