import type { AnswererChoice, DatasetRow, FaultValue } from '../../../shared/contract.ts';
import { Resource, type Rpc } from '../../kit.ts';
import { choiceOf, keyOf } from './answerer-address.ts';
import { SideManager } from './side-manager.svelte.ts';
import type { TextHistory, TriedText } from './text-history.svelte.ts';

/** A pause in the typing after which it is asked. */
const TYPED_MS = 90;
/** A text that stands so long was meant. */
const KEPT_MS = 1500;
const EXAMPLES = 5;

/** The playground: what can answer, one text or pair, one or two answerers beside each other. */
export class PlaygroundManager extends Resource<readonly AnswererChoice[]> {
  readonly history: TextHistory;
  readonly first: SideManager;
  readonly second: SideManager;
  /** Rows to try; none where the data set is gone. */
  readonly examples: Resource<{ items: DatasetRow[]; total: number }>;
  explains = $state(false);
  /** The label that is explained; null: the likeliest. */
  label = $state<string | null>(null);
  #wantsPair = $state(false);
  /** What the address names. */
  #wanted: { first: string | null; second: string | null } = { first: null, second: null };
  #examplesOf: string | null = null;
  #exampleOffset = 0;
  #examplesRead = Promise.resolve();
  #typed: ReturnType<typeof setTimeout> | undefined;
  #stood: ReturnType<typeof setTimeout> | undefined;

  constructor(rpc: Rpc, history: TextHistory) {
    super(rpc, async () => (await rpc.call('playground/choices', {})).choices, {
      'experiments/changed': ({ state }) => state === 'finished',
      'adapters/changed': true,
      'exports/changed': ({ jobId }) => jobId === null,
      'models/changed': true,
    });
    this.history = history;
    this.first = new SideManager(rpc);
    this.second = new SideManager(rpc);
    this.examples = new Resource(rpc, async () => {
      const { versionId = null, evalSplit = null } = this.first.choice ?? {};
      if (versionId === null) return null;
      const input = { versionId, split: evalSplit, offset: this.#exampleOffset, limit: EXAMPLES };
      return rpc.call('datasets/rows', input);
    });
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
    const others = (this.value ?? []).filter(
      ({ answerer }) => !choice || keyOf(answerer) !== keyOf(choice.answerer),
    );
    const labels = choice?.labels.join('\n');
    return others.find((other) => other.labels.join('\n') === labels) ?? others[0] ?? null;
  }
  get hasMoreExamples(): boolean {
    return (this.examples.value?.total ?? 0) > EXAMPLES;
  }

  /** Reads what can answer, and takes the answerers of an address; without one the present or else the newest. */
  async open(first: string | null, second: string | null): Promise<void> {
    this.#wanted = { first, second };
    await this.replace();
    await this.#readExamples();
  }

  protected override taken(choices: readonly AnswererChoice[]): void {
    const { first, second } = this.#wanted;
    const before = this.first.choice ? keyOf(this.first.choice.answerer) : null;
    const chosen = choiceOf(choices, first ?? before) ?? (first === null ? choices[0] : undefined) ?? null;
    if (first !== null && chosen === null) this.fault = unknownAnswerer;
    if (before === null || (chosen && keyOf(chosen.answerer) !== before)) this.first.choose(chosen);
    const other = choiceOf(choices, second);
    const otherBefore = this.second.choice ? keyOf(this.second.choice.answerer) : null;
    if ((other && keyOf(other.answerer)) !== otherBefore) this.second.choose(other);
    this.#ask();
    void this.#readExamples();
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
    this.explains = on;
    this.#ask();
  }

  /** Which label the tokens speak for. */
  explainLabel(label: string | null): void {
    this.label = label;
    this.#ask();
  }

  async moreExamples(): Promise<void> {
    const most = Math.max(0, (this.examples.value?.total ?? 0) - EXAMPLES);
    this.#exampleOffset = Math.floor(Math.random() * (most + 1));
    await this.examples.replace();
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
    const question = { ...this.#text(), explain: this.explains ? { label: this.label } : null };
    this.first.ask(question);
    this.second.ask(question);
  }

  async #readExamples(): Promise<void> {
    const { versionId = null } = this.first.choice ?? {};
    if (versionId !== this.#examplesOf) {
      this.#examplesOf = versionId;
      this.#exampleOffset = 0;
      this.examples.clear();
      this.#examplesRead = this.examples.read();
    }
    await this.#examplesRead;
  }
}

const unknownAnswerer: FaultValue = {
  code: 'playground/unknown',
  message: 'What this address names cannot answer: it is gone, or it has not been trained yet.',
  remedy: 'Choose another one.',
};
