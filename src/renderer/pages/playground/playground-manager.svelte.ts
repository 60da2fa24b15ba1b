import type { AnswererChoice } from '../../../shared/contract/playground.ts';
import type { DatasetRow } from '../../../shared/contract/datasets.ts';
import type { FaultValue } from '../../../shared/contract/message.ts';
import { faultOf } from '../../../shared/rpc-client.ts';
import type { Rpc } from '../../rpc.ts';
import { choiceOf, keyOf } from './answerer-address.ts';
import { SideManager } from './side-manager.svelte.ts';
import type { TextHistory, TriedText } from './text-history.svelte.ts';

/** A pause in the typing after which it is asked. */
const TYPED_MS = 90;
/** A text that stands so long was meant. */
const KEPT_MS = 1500;
const EXAMPLES = 5;

/** The playground: one text or pair, one or two answerers beside each other. */
export class PlaygroundManager {
  readonly #rpc: Rpc;
  readonly history: TextHistory;
  readonly first: SideManager;
  readonly second: SideManager;
  #choices = $state.raw<readonly AnswererChoice[] | null>(null);
  #fault = $state.raw<FaultValue | null>(null);
  #wantsPair = $state(false);
  #explains = $state(false);
  #label = $state<string | null>(null);
  #examples = $state.raw<readonly DatasetRow[]>([]);
  #exampleTotal = 0;
  #exampleOf: string | null = null;
  #opened = 0;
  #typed: ReturnType<typeof setTimeout> | undefined;
  #stood: ReturnType<typeof setTimeout> | undefined;

  constructor(rpc: Rpc, history: TextHistory) {
    this.#rpc = rpc;
    this.history = history;
    this.first = new SideManager(rpc);
    this.second = new SideManager(rpc);
  }

  /** Null until they are read. */
  get choices(): readonly AnswererChoice[] | null {
    return this.#choices;
  }
  get fault(): FaultValue | null {
    return this.#fault;
  }
  /** Whether the second text is shown: the answerer was trained on pairs, or a person asked for it. */
  get hasPair(): boolean {
    return this.first.choice?.textPair === true || (this.canPair && this.#wantsPair);
  }
  /** Whether it is not known that it takes single texts only. */
  get canPair(): boolean {
    return this.first.choice?.textPair === null;
  }
  /** The likeliest one to compare with: of the same labels where there is one. */
  get suggestion(): AnswererChoice | null {
    const { choice } = this.first;
    const others = (this.#choices ?? []).filter(
      (one) => !choice || keyOf(one.answerer) !== keyOf(choice.answerer),
    );
    const labels = choice?.labels.join('\n');
    return others.find((one) => one.labels.join('\n') === labels) ?? others[0] ?? null;
  }
  get explains(): boolean {
    return this.#explains;
  }
  /** The label that is explained; null: the likeliest. */
  get label(): string | null {
    return this.#label;
  }
  get examples(): readonly DatasetRow[] {
    return this.#examples;
  }
  get hasMoreExamples(): boolean {
    return this.#exampleTotal > EXAMPLES;
  }

  /** Reads what can answer, and takes the answerers of an address; without one the present or else the newest. */
  async open(first: string | null, second: string | null): Promise<void> {
    const opened = ++this.#opened;
    try {
      const { choices } = await this.#rpc.call('playground/choices', {});
      if (opened !== this.#opened) return;
      this.#choices = choices;
      this.#fault = null;
    } catch (error) {
      const fault = faultOf(error);
      if (opened === this.#opened) this.#fault = fault;
      return;
    }
    const before = this.first.choice ? keyOf(this.first.choice.answerer) : null;
    const chosen =
      choiceOf(this.#choices, first ?? before) ?? (first === null ? this.#choices[0] : undefined) ?? null;
    if (first !== null && chosen === null) this.#fault = unknownAnswerer;
    if (before === null || (chosen && keyOf(chosen.answerer) !== before)) this.first.choose(chosen);
    const other = choiceOf(this.#choices, second);
    const beside = this.second.choice ? keyOf(this.second.choice.answerer) : null;
    if ((other && keyOf(other.answerer)) !== beside) this.second.choose(other);
    this.#ask();
    await this.#readExamples();
  }

  /** Asks again after a pause. */
  type(): void {
    clearTimeout(this.#typed);
    this.#typed = setTimeout(() => this.#ask(), TYPED_MS);
    clearTimeout(this.#stood);
    this.#stood = setTimeout(() => this.history.keep(this.#text()), KEPT_MS);
  }

  /** A whole text at once: an example, or one of before. */
  take({ text, textPair }: TriedText): void {
    this.history.text = text;
    this.history.textPair = textPair ?? '';
    if (textPair !== null && textPair !== '') this.#wantsPair = true;
    this.history.keep(this.#text());
    this.#ask();
  }

  pair(wanted: boolean): void {
    this.#wantsPair = wanted;
    this.#ask();
  }

  explain(on: boolean): void {
    this.#explains = on;
    this.#ask();
  }

  /** Which label the tokens speak for. */
  explainLabel(label: string | null): void {
    this.#label = label;
    this.#ask();
  }

  async moreExamples(): Promise<void> {
    const most = Math.max(0, this.#exampleTotal - EXAMPLES);
    await this.#exampleRows(Math.floor(Math.random() * (most + 1)));
  }

  close(): void {
    clearTimeout(this.#typed);
    clearTimeout(this.#stood);
    this.history.keep(this.#text());
    this.first.close();
    this.second.close();
  }

  #text(): TriedText {
    return { text: this.history.text, textPair: this.hasPair ? this.history.textPair : null };
  }

  #ask(): void {
    const question = { ...this.#text(), explain: this.#explains ? { label: this.#label } : null };
    this.first.ask(question);
    this.second.ask(question);
  }

  async #readExamples(): Promise<void> {
    const { versionId = null } = this.first.choice ?? {};
    if (versionId === this.#exampleOf) return;
    this.#exampleOf = versionId;
    this.#examples = [];
    this.#exampleTotal = 0;
    await this.#exampleRows(0);
  }

  async #exampleRows(offset: number): Promise<void> {
    const { versionId = null, evalSplit = null } = this.first.choice ?? {};
    if (versionId === null) return;
    try {
      const input = { versionId, split: evalSplit, offset, limit: EXAMPLES };
      const { items, total } = await this.#rpc.call('datasets/rows', input);
      if (versionId !== this.#exampleOf) return;
      this.#examples = items;
      this.#exampleTotal = total;
    } catch {
      // A data set that is gone has no examples; the text field does without.
    }
  }
}

const unknownAnswerer: FaultValue = {
  code: 'playground/unknown',
  message: 'What this address names cannot answer: it is gone, or it has not been trained yet.',
  remedy: 'Choose another one.',
};
