import { Fault, fault } from '../../../shared/faults/index.ts';
import { openExported, type ExportedModel } from './exported-model.ts';
import { questionSchema, type Answer } from './fresh-process.ts';

const TIMED_RUNS = 5;

process.once('message', (message) => {
  void answer(message).then((reply) => process.send!(reply, () => process.exit(0)));
});

async function answer(message: unknown): Promise<Answer> {
  try {
    const { folder, maxLength, texts, base } = questionSchema.parse(message);
    const model = await openExported(folder, maxLength, base);
    const logits = await model.logits(texts);
    const latency = { batch_1: await medianMs(model, texts, 1), batch_32: await medianMs(model, texts, 32) };
    await model.close();
    return { logits, latency };
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    const shown = error instanceof Fault ? error : fault('export/cannot-load', { detail });
    return { fault: shown.toJSON() };
  }
}

/** Median time to answer `size` texts, tokenising included. */
async function medianMs(model: ExportedModel, texts: readonly string[], size: number): Promise<number> {
  const batch = Array.from({ length: size }, (_, i) => texts[i % texts.length]!);
  const times: number[] = [];
  for (let run = 0; run < TIMED_RUNS; run++) {
    const start = performance.now();
    await model.logits(batch);
    times.push(performance.now() - start);
  }
  return times.sort((a, b) => a - b)[Math.floor(TIMED_RUNS / 2)]!;
}
