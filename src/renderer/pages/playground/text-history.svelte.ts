export interface TriedText {
  text: string;
  textPair: string | null;
}

const MOST = 30;

/** The texts that were tried since the window was opened, the last one first, and what stands in the fields now. */
export class TextHistory {
  #texts = $state.raw<readonly TriedText[]>([]);
  text = $state('');
  textPair = $state('');

  get texts(): readonly TriedText[] {
    return this.#texts;
  }

  /** A text that goes on from the last one takes its place: that was typing. */
  keep({ text, textPair }: TriedText): void {
    if (text.trim() === '') return;
    const others = this.#texts.filter((tried) => tried.text !== text || tried.textPair !== textPair);
    const [last] = others;
    const goesOn = last !== undefined && last.text !== '' && text.startsWith(last.text);
    this.#texts = [{ text, textPair }, ...(goesOn ? others.slice(1) : others)].slice(0, MOST);
  }
}

/** Kept while pages change. */
export const textHistory = new TextHistory();
