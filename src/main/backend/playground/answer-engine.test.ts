import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { toEngineSchema, type FromEngine } from '../../../shared/engine-protocol.ts';
import type { AnswerAsk } from '../../engine/serving/questions.ts';
import type { EngineProcess } from '../host.ts';
import { testHost } from '../test-support-host.ts';
import { AnswerEngine } from './answer-engine.ts';

const question: AnswerAsk = {
  type: 'answer',
  source: { kind: 'export', folder: 'export', base: null },
  texts: [{ text: 'A text', textPair: null }],
};

/** Answers each question with a new object; null: it never does. */
function answering(answer: (() => object) | null): AnswerEngine {
  const startEngine = (): EngineProcess => {
    let tell: (message: FromEngine) => void = () => undefined;
    let exit: (code: number | null, signal: string | null) => void = () => undefined;
    return {
      pid: undefined,
      send: (value) => {
        const message = toEngineSchema.parse(value);
        if (message.type === 'ask' && answer) tell({ type: 'answer', id: message.id, output: answer() });
      },
      onMessage: (listener) => (tell = listener),
      onExit: (listener) => (exit = listener),
      kill: (signal = 'SIGKILL') => exit(null, signal),
    };
  };
  return new AnswerEngine({ ...testHost(), startEngine }, null);
}

it('a process that answers for long holds on to no answer', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const given: WeakRef<object>[] = [];
  const engine = answering(() => {
    const output = {};
    given.push(new WeakRef(output));
    return output;
  });
  for (let i = 0; i < 3; i++) await engine.ask(question);
  // A weak reference holds for as long as the work lasts in which it was made.
  await new Promise(setImmediate);
  collect();
  expect(given.map((answer) => answer.deref())).toEqual([undefined, undefined, undefined]);
  await engine.close();
});

it('all that waits is refused when the process goes', async () => {
  const engine = answering(null);
  const asked = [engine.ask(question), engine.ask(question)];
  const refused = Promise.allSettled(asked);
  await engine.close();
  expect(await refused).toMatchObject([
    { status: 'rejected', reason: { code: 'playground/ended' } },
    { status: 'rejected', reason: { code: 'playground/ended' } },
  ]);
});
