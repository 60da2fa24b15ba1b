import type { Answer, AnswererChoice, Attribution } from '../../../shared/contract.ts';
import { RefusedError, Resource, type Rpc } from '../../kit.ts';

export interface Question {
  text: string;
  textPair: string | null;
  /** Whether the tokens are to be explained, and for which label; null: the likeliest. */
  explain: { label: string | null } | null;
}

/** Reasons take longer than answers: they wait for a pause in the typing. */
const EXPLAIN_MS = 350;

/** One answerer: what it says of the newest text, and why. One question at a time is under way; the newest wins. */
export class SideManager extends Resource<Answer> {
  choice = $state.raw<AnswererChoice | null>(null);
  /** Why, with the text that it is about. */
  readonly why: Resource<{ text: string; textPair: string | null; found: Attribution }>;
  /** The newest; null: there is none, or an empty text. */
  #question: Question | null = null;

  constructor(rpc: Rpc) {
    super(rpc, () => this.#answer());
    this.why = new Resource(rpc, () => this.#explain());
  }

  /** Another answerer; what the one before said goes. */
  choose(choice: AnswererChoice | null): void {
    this.choice = choice;
    this.#forget();
  }

  /** Asks it; an empty text has no answer. */
  ask(question: Question): void {
    const isEmpty = question.text.trim() === '';
    this.#question = isEmpty ? null : question;
    if (isEmpty) return this.#forget();
    if (!question.explain) this.why.clear();
    if (this.choice) void this.read();
  }

  close(): void {
    this.#question = null;
    this.why.clear();
  }

  /** What comes too late, of another answerer or of a text that is gone, is no answer. */
  async #answer(): Promise<Answer | null> {
    const [question, choice] = [this.#question, this.choice];
    if (!question || !choice) return null;
    const { text, textPair } = question;
    const isLate = (): boolean => this.choice !== choice || this.#question === null;
    try {
      const { answer } = await this.rpc.call('playground/answer', {
        answerer: choice.answerer,
        text,
        textPair,
      });
      return isLate() ? null : answer;
    } catch (error) {
      if (isLate()) return null;
      this.value = null;
      this.why.clear();
      throw error;
    }
  }

  protected override taken(): void {
    if (this.#question?.explain) this.why.replaceAfter(EXPLAIN_MS);
  }

  async #explain() {
    const [question, choice, answer] = [this.#question, this.choice, this.value];
    if (!question?.explain || !choice || !answer) return null;
    const { text, textPair, explain } = question;
    const likeliest = answer.labels[answer.probabilities.indexOf(Math.max(...answer.probabilities))]!;
    const label = explain.label !== null && answer.labels.includes(explain.label) ? explain.label : likeliest;
    try {
      const asked = { answerer: choice.answerer, text, textPair, label };
      const { attribution } = await this.rpc.call('playground/attribute', asked);
      return { text, textPair, found: attribution };
    } catch (error) {
      if (!(error instanceof RefusedError) || error.fault.code !== 'playground/superseded') throw error;
      // A newer text brings its own; the answerer beside this one may have asked, though.
      if (this.#question === question) this.why.replaceAfter(EXPLAIN_MS);
      return this.why.value;
    }
  }

  #forget(): void {
    this.value = this.fault = null;
    this.why.clear();
  }
}
