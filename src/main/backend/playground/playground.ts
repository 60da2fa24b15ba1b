import { z } from 'zod';
import type { Handlers } from '../../../shared/contract.ts';
import { attributionSchema, type playgroundMethods } from '../../../shared/contract/playground.ts';
import type { BackendContext } from '../context.ts';
import { AnswerEngine } from './answer-engine.ts';
import { answererChoices } from './choices.ts';
import { answerSource } from './answerers.ts';
import { startBatch } from './batch.ts';

const answeredSchema = z.object({
  labels: z.array(z.string()),
  answers: z.array(z.object({ probabilities: z.array(z.number()), tokens: z.number(), cut: z.boolean() })),
  milliseconds: z.number(),
});
const attributedSchema = z.object({
  label: z.string(),
  tokens: z.array(
    z.object({
      token: z.string(),
      text: attributionSchema.shape.tokens.element.shape.of,
      start: z.number(),
      end: z.number(),
      value: z.number(),
    }),
  ),
  difference: z.number(),
  steps: z.number(),
  empty: z.string(),
});

/** Trained models and exports tried out: on a text, on two side by side, on a file. */
export function playgroundHandlers(context: BackendContext): Handlers<keyof typeof playgroundMethods> {
  const engine = new AnswerEngine(context.host);
  context.onClose(() => engine.close());
  return {
    'playground/choices': async () => ({ choices: await answererChoices(context) }),
    'playground/answer': async ({ answerer, text, textPair }) => {
      const source = await answerSource(context, answerer);
      const found = await engine.ask({ type: 'answer', source, texts: [{ text, textPair }] });
      const { labels, answers, milliseconds } = answeredSchema.parse(found);
      const { probabilities, tokens, cut } = answers[0]!;
      return { answer: { labels, probabilities, tokens, cut, milliseconds } };
    },
    'playground/attribute': async ({ answerer, text, textPair, label }) => {
      const source = await answerSource(context, answerer);
      const found = await engine.ask({ type: 'attribute', source, text: { text, textPair }, label });
      const { tokens, difference, steps, empty } = attributedSchema.parse(found);
      const sum = tokens.reduce((total, { value }) => total + value, 0);
      const shown = tokens.map(({ token, text: of, ...rest }) => ({ text: token, of, ...rest }));
      return { attribution: { label, tokens: shown, empty, difference, gap: sum - difference, steps } };
    },
    'playground/close': () => engine.close(),
    'playground/batch': async (input) => ({
      jobId: await startBatch(context, await answerSource(context, input.answerer), input),
    }),
  };
}
