import { fault } from '../../../shared/faults/index.ts';
import { gradientsOf, LoadedAnswerers, type Loaded } from '../serving/loaded-answerers.ts';
import { askSchema, type AskedText } from '../serving/questions.ts';
import type { TextInput } from '../tokenizer/text-tokenizer.ts';
import type { EngineJobContext } from '../jobs.ts';

/** To `answer`. */
export interface Answered {
  /** The key of the model's task, whose answers these are. */
  task: string;
  labels: readonly string[];
  /** Tokens after which a text is cut. */
  maxLength: number;
  answers: { tokens: number; cut: boolean }[];
  /** Tokenising included, loading not. */
  milliseconds: number;
}

/** To `attribute`. */
export interface Attributed {
  label: string;
  /** `text`: of which text of a pair, null for a special token; `start` to `end` in it, in UTF-16 units. */
  tokens: { token: string; text: 0 | 1 | null; start: number; end: number; value: number }[];
  difference: number;
  steps: number;
  /** The token that the empty text is made of. */
  empty: string;
}

/** Stays open and answers asks until it is stopped. Writes nothing. */
export async function answerJob(_input: unknown, context: EngineJobContext): Promise<null> {
  const loaded = new LoadedAnswerers();
  let explaining = new AbortController();
  context.onAsk((input) => {
    const ask = askSchema.parse(input);
    // A newer text is answered first: the reasons of the one before are no longer waited for.
    if (ask.type === 'answer') {
      explaining.abort(fault('playground/superseded', {}));
      explaining = new AbortController();
    }
    const wanted = explaining.signal;
    return loaded.use<Answered | Attributed>(ask.source, (answering) =>
      ask.type === 'answer'
        ? answer(answering, ask.texts.map(asInput))
        : attribute(answering, asInput(ask.text), ask.label, wanted),
    );
  });
  const { signal } = context;
  if (!signal.aborted) {
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  }
  await loaded.close();
  return null;
}

const asInput = ({ text, textPair }: AskedText): TextInput =>
  textPair === null ? { text } : { text, textPair };

async function answer({ answerer }: Loaded, texts: readonly TextInput[]): Promise<Answered> {
  const { task, labels, tokenizer, maxLength } = answerer;
  const start = performance.now();
  const logits = await answerer.logits(texts);
  const milliseconds = performance.now() - start;
  const encoded = await tokenizer.encode(texts, { maxLength });
  const answers = task.answers(logits, labels).map((given, i) => ({
    ...given,
    tokens: encoded[i]!.inputIds.length,
    cut: encoded[i]!.truncated,
  }));
  return { task: task.key, labels, maxLength, answers, milliseconds };
}

async function attribute(
  loaded: Loaded,
  text: TextInput,
  label: string,
  wanted: AbortSignal,
): Promise<Attributed> {
  wanted.throwIfAborted();
  const { labels, tokenizer, maxLength } = loaded.answerer;
  const at = labels.indexOf(label);
  if (at === -1) throw fault('playground/no-label', { label, labels });
  const gradients = await gradientsOf(loaded);
  if (!gradients) throw fault('playground/no-attributions', {});
  const [encoded] = await tokenizer.encode([text], { maxLength });
  const positions = await tokenizer.places(text, maxLength);
  const { values, difference, steps, empty } = await gradients.attribute(
    encoded!,
    at,
    positions.map((position) => position.text !== null),
    wanted,
  );
  const texts = await tokenizer.tokenTexts([...encoded!.inputIds, empty]);
  const tokens = positions.map((position, i) => ({
    ...position,
    token: texts[i] ?? '',
    value: values[i]!,
  }));
  return { label, tokens, difference, steps, empty: texts.at(-1)! };
}
