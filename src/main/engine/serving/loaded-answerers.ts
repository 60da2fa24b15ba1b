import { IntegratedGradients } from '../attribution/integrated-gradients.ts';
import { openAnswerer, type Answerer } from './answerer.ts';
import type { AnswerSource } from './questions.ts';

/** An answerer, and what explains its answers once that was asked for. */
export interface Loaded {
  key: string;
  answerer: Answerer;
  gradients: IntegratedGradients | null;
}

/** The two answerers that were asked last, loaded. Work on them goes one after the other. */
export class LoadedAnswerers {
  private readonly loaded: Loaded[] = [];
  private last: Promise<unknown> = Promise.resolve();

  /** Does `work` with the answerer of `source`, loading it if need be. Throws as `openAnswerer` and `work` do. */
  use<T>(source: AnswerSource, work: (loaded: Loaded) => Promise<T>): Promise<T> {
    const result = this.last.then(async () => work(await this.load(source)));
    this.last = result.catch(() => undefined);
    return result;
  }

  async close(): Promise<void> {
    await this.last;
    await this.leave(0);
  }

  private async load(source: AnswerSource): Promise<Loaded> {
    const key = JSON.stringify(source);
    const known = this.loaded.findIndex((one) => one.key === key);
    if (known !== -1) {
      const [found] = this.loaded.splice(known, 1);
      this.loaded.unshift(found!);
      return found!;
    }
    // The one that goes makes room before the next is loaded.
    await this.leave(MOST_LOADED - 1);
    const found: Loaded = { key, answerer: await openAnswerer(source), gradients: null };
    this.loaded.unshift(found);
    return found;
  }

  private async leave(most: number): Promise<void> {
    for (const { answerer, gradients } of this.loaded.splice(most)) {
      gradients?.close();
      await answerer.close();
    }
  }
}

/** Two stand side by side. */
const MOST_LOADED = 2;

/** What explains the answers of a loaded answerer; null where another program's format computes them. */
export async function gradientsOf(loaded: Loaded): Promise<IntegratedGradients | null> {
  const { own, tokenizer } = loaded.answerer;
  if (own === null) return null;
  return (loaded.gradients ??= await IntegratedGradients.open(own.model, own.adapter, tokenizer));
}
