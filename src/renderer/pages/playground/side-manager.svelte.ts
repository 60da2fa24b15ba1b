import type { Answer, AnswererChoice, Attribution } from '../../../shared/contract/playground.ts';
import type { FaultValue } from '../../../shared/contract/message.ts';
import { faultOf } from '../../../shared/rpc-client.ts';
import type { Rpc } from '../../rpc.ts';

export interface Question {
  text: string;
  textPair: string | null;
  /** Whether the tokens are to be explained, and for which label; null: the likeliest. */
  explain: { label: string | null } | null;
}

/** Reasons take longer than answers: they wait for a pause in the typing. */
const EXPLAIN_MS = 350;

/** One answerer: what it says of the newest text, and why. One question at a time is under way; the newest wins. */
export class SideManager {
  readonly #rpc: Rpc;
  #choice = $state.raw<AnswererChoice | null>(null);
  #answer = $state.raw<Answer | null>(null);
  #attribution = $state.raw<{ text: string; textPair: string | null; found: Attribution } | null>(null);
  #fault = $state.raw<FaultValue | null>(null);
  #unexplained = $state.raw<FaultValue | null>(null);
  #busy = $state(false);
  #explaining = $state(false);
  #wanted: Question | null = null;
  #newest: Question | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Counts what was asked why, and when that was forgotten: an older reply is of no use. */
  #explanation = 0;

  constructor(rpc: Rpc) {
    this.#rpc = rpc;
  }

  get choice(): AnswererChoice | null {
    return this.#choice;
  }
  get answer(): Answer | null {
    return this.#answer;
  }
  /** Why, with the text that it is about. */
  get attribution(): { text: string; textPair: string | null; found: Attribution } | null {
    return this.#attribution;
  }
  get fault(): FaultValue | null {
    return this.#fault;
  }
  /** Why there is no attribution. */
  get unexplained(): FaultValue | null {
    return this.#unexplained;
  }
  get busy(): boolean {
    return this.#busy;
  }
  get explaining(): boolean {
    return this.#explaining;
  }

  /** Another answerer; what the one before said goes. */
  choose(choice: AnswererChoice | null): void {
    this.#choice = choice;
    this.#answer = null;
    this.#fault = null;
    this.#forgetWhy();
  }

  /** Asks it; an empty text has no answer. */
  ask(question: Question): void {
    clearTimeout(this.#timer);
    this.#newest = question;
    if (question.text.trim() === '') {
      this.#wanted = null;
      this.#answer = null;
      this.#fault = null;
      return this.#forgetWhy();
    }
    if (!question.explain) this.#forgetWhy();
    this.#wanted = question;
    if (!this.#busy) void this.#work();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#wanted = null;
    this.#newest = null;
  }

  async #work(): Promise<void> {
    this.#busy = true;
    while (this.#wanted && this.#choice) {
      const question: Question = this.#wanted;
      const choice: AnswererChoice = this.#choice;
      this.#wanted = null;
      const { text, textPair } = question;
      try {
        const { answer } = await this.#rpc.call('playground/answer', {
          answerer: choice.answerer,
          text,
          textPair,
        });
        if (this.#isGone(choice)) continue;
        this.#answer = answer;
        this.#fault = null;
      } catch (error) {
        const fault = faultOf(error);
        if (this.#isGone(choice)) continue;
        this.#answer = null;
        this.#fault = fault;
        this.#forgetWhy();
        continue;
      }
      const { explain } = question;
      if (explain && !this.#isNewer())
        this.#timer = setTimeout(() => void this.#explain(question, choice, explain.label), EXPLAIN_MS);
    }
    this.#busy = false;
  }

  async #explain(question: Question, choice: AnswererChoice, wanted: string | null): Promise<void> {
    const { text, textPair } = question;
    const answer = this.#answer;
    if (!answer || this.#isGone(choice)) return;
    const likeliest = answer.labels[answer.probabilities.indexOf(Math.max(...answer.probabilities))]!;
    const label = wanted !== null && answer.labels.includes(wanted) ? wanted : likeliest;
    const asked = ++this.#explanation;
    this.#explaining = true;
    try {
      const { attribution } = await this.#rpc.call('playground/attribute', {
        answerer: choice.answerer,
        text,
        textPair,
        label,
      });
      if (this.#explanation !== asked) return;
      this.#attribution = { text, textPair, found: attribution };
      this.#unexplained = null;
    } catch (error) {
      const fault = faultOf(error);
      if (this.#explanation !== asked) return;
      if (fault.code === 'playground/superseded') {
        // A newer text brings its own; the answerer beside this one may have asked, though.
        if (this.#newest === question)
          this.#timer = setTimeout(() => void this.#explain(question, choice, wanted), EXPLAIN_MS);
        return;
      }
      this.#attribution = null;
      this.#unexplained = fault;
    } finally {
      if (this.#explanation === asked) this.#explaining = false;
    }
  }

  #forgetWhy(): void {
    this.#explanation++;
    this.#explaining = false;
    this.#attribution = null;
    this.#unexplained = null;
  }

  /** Both change while an answer is awaited. */
  #isGone(choice: AnswererChoice): boolean {
    return this.#choice !== choice || this.#newest === null || this.#newest.text.trim() === '';
  }
  #isNewer(): boolean {
    return this.#wanted !== null;
  }
}
