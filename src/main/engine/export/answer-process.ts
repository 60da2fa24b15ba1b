import { flushCompileCache } from 'node:module';
import path from 'node:path';
import { Fault, fault } from '../../../shared/faults/index.ts';
import { taskNamed } from '../../../shared/tasks/index.ts';
import { prediction } from '../serving/answers.ts';
import type { TextInput } from '../tokenizer/text-tokenizer.ts';
import { readSentenceFolder } from '../models/sentence-folder.ts';
import { openEngineModel, type Answering } from './engine-model.ts';
import { openExported } from './exported-model.ts';
import { questionSchema, type Message, type Question } from './fresh-process.ts';

const TIMED_RUNS = 5;
/** A slow model is timed less often. */
const TIMED_MS = 3000;

process.once('message', (message) => {
  void answer(message).then((reply) => {
    // It is killed as soon as it has answered: the next one starts from what is compiled now.
    flushCompileCache();
    process.send!(reply, () => {
      if (!('port' in reply) || reply.port === null) process.exit(0);
    });
  });
});
process.once('disconnect', () => process.exit(1));

async function answer(message: unknown): Promise<Message> {
  try {
    const question = questionSchema.parse(message);
    const { texts, timed, serve } = question;
    const model = await open(question);
    const values = await model.answer(texts, (done) => process.send!({ done }));
    const latency = { batch_1: await medianMs(model, timed, 1), batch_32: await medianMs(model, timed, 32) };
    const port = serve === null ? null : await serveModel(model, question, serve);
    return { values, latency, port };
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    const shown = error instanceof Fault ? error : fault('export/cannot-load', { detail });
    return { fault: shown.toJSON() };
  }
}

async function open({ kind, folder, adapter, head, base, vectors, maxLength }: Question): Promise<Answering> {
  if (kind === 'trained') {
    return openEngineModel({ model: folder, adapter, head: head ?? 'sequence', vectors, maxLength });
  }
  if (vectors !== null) {
    const said = await readSentenceFolder(folder);
    if (said === null) throw fault('files/missing', { file: path.join(folder, 'modules.json') });
    const length = said.maxLength ?? maxLength;
    return openEngineModel({ model: folder, head: 'none', vectors: said, maxLength: length });
  }
  const model = await openExported(folder, maxLength, base);
  return { answer: (texts, onDone) => model.logits(texts, onDone), close: () => model.close() };
}

/** Answers by HTTP until this process is ended; gives the port. */
async function serveModel(
  model: Answering,
  { folder, maxLength }: Question,
  labels: readonly string[],
): Promise<number> {
  const task = taskNamed(null);
  const { startModelServer } = await import('../serving/model-server.ts');
  const { port } = await startModelServer({
    name: path.basename(folder),
    labels,
    maxLength,
    port: 0,
    predict: async (texts) =>
      task
        .answers(await model.answer(texts), labels)
        .map((answer) => prediction(task, answer, labels, false)),
  });
  return port;
}

/** Median time to answer `size` texts, tokenising included; 0 without texts. */
async function medianMs(model: Answering, texts: readonly TextInput[], size: number): Promise<number> {
  if (texts.length === 0) return 0;
  const batch = Array.from({ length: size }, (_, i) => texts[i % texts.length]!);
  const times: number[] = [];
  const begin = performance.now();
  do {
    const start = performance.now();
    await model.answer(batch);
    times.push(performance.now() - start);
  } while (times.length < TIMED_RUNS && performance.now() - begin < TIMED_MS);
  return times.sort((a, b) => a - b)[Math.floor(times.length / 2)]!;
}
