import type { Answer, Answerer, AnswererChoice } from '../../../shared/contract/playground.ts';

export function choice(answerer: Answerer, change: Partial<AnswererChoice> = {}): AnswererChoice {
  return {
    answerer,
    name: `${answerer.kind} ${answerer.id}`,
    detail: '',
    labels: ['ham', 'spam'],
    textPair: false,
    versionId: null,
    evalSplit: null,
    adapterId: null,
    ...change,
  };
}

export const answer = (spam: number, change: Partial<Answer> = {}): Answer => ({
  labels: ['ham', 'spam'],
  probabilities: [1 - spam, spam],
  tokens: 5,
  cut: false,
  milliseconds: 2,
  ...change,
});
