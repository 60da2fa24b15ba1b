import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ended, golden, graft, lines, startGraft } from '../test-support.ts';

const model = join(golden, 'models/bert');
const resultSchema = z.object({
  status: z.string(),
  steps: z.number(),
  parameters: z.object({ trainable: z.number(), all: z.number(), trainable_percent: z.number() }),
  metrics: z.object({ accuracy: z.number() }).nullable(),
  peak_memory_mb: z.number(),
});

/** A table of short labelled texts, half of them good. */
function tableOf(rows: number): string {
  const texts = ['the food was great', 'painfully slow service', 'would come back', 'cold and rude'];
  const lines = Array.from(
    { length: rows },
    (_, i) => `${i % 2 === 0 ? 'good' : 'bad'}\t${texts[i % 4]!} ${i}`,
  );
  return ['label\ttext', ...lines, ''].join('\n');
}

let dir: string;
let config: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'graft-train-'));
  config = join(dir, 'run.yaml');
  await writeFile(join(dir, 'train.tsv'), tableOf(24));
  await writeFile(join(dir, 'eval.tsv'), tableOf(8));
  await writeFile(
    config,
    `model: ${model}
data: { train: train.tsv, eval: eval.tsv, max_length: 32 }
adapter: { peft_type: LORA, task_type: SEQ_CLS, r: 4, target_modules: [query, value] }
training: { num_train_epochs: 2, learning_rate: 1e-3, eval_strategy: epoch }
output_dir: out
`,
  );
});
afterAll(() => rm(dir, { recursive: true }));

describe('train, eval and merge', () => {
  it('train an adapter, score it alike and make one model of it', async () => {
    const trained = await graft(['train', '--config', config, '--json']);
    expect(trained.status).toBe(0);
    const result = resultSchema.parse(JSON.parse(trained.stdout));
    expect(result).toMatchObject({ status: 'finished', steps: 6 });
    expect(trained.stderr).toContain('trainable params: ');

    const adapter = join(dir, 'out');
    const data = ['--data', join(dir, 'eval.tsv'), '--max-length', '32', '--json'];
    const scored = await graft(['eval', '--model', model, '--adapter', adapter, ...data]);
    expect(scored.status).toBe(0);
    expect(JSON.parse(scored.stdout)).toMatchObject({
      rows: 8,
      metrics: { accuracy: result.metrics!.accuracy },
    });

    const merged = join(dir, 'merged');
    const merge = await graft(['merge', '--model', model, '--adapter', adapter, '--output', merged]);
    expect(merge.status).toBe(0);
    expect(merge.stdout).toMatch(/model\.safetensors +\d/);
    const again = await graft(['eval', '--model', merged, ...data]);
    expect(JSON.parse(again.stdout)).toMatchObject({ metrics: { accuracy: result.metrics!.accuracy } });
  });

  it('refuse an output folder that holds something, unless --overwrite is given', async () => {
    const full = join(dir, 'full');
    const args = ['train', '--config', config, '--output', full, '--set', 'training.max_steps=1'];
    expect((await graft(args)).status).toBe(0);
    const before = await readFile(join(full, 'adapter_model.safetensors'));
    const refused = await graft(args);
    expect(refused.stderr).toContain(`${full} exists and is not empty.`);
    expect(refused.status).toBe(1);
    expect(await readFile(join(full, 'adapter_model.safetensors'))).toEqual(before);
    expect((await graft([...args, '--overwrite'])).status).toBe(0);
  });

  it('stop at Ctrl-C with a checkpoint, and --resume does the rest', async () => {
    const output = join(dir, 'stopped');
    const args = ['train', '--config', config, '--output', output, '--json'];
    const long = [...args, '--set', 'training.num_train_epochs=200', '--set', 'training.eval_strategy=no'];
    const child = startGraft(long);
    // The first lines of the log mean that steps are being made.
    const watch = setInterval(() => {
      if (!existsSync(join(output, 'events.jsonl'))) return;
      void readFile(join(output, 'events.jsonl'), 'utf8').then((text) => {
        if (text.split('\n').length < 3) return;
        clearInterval(watch);
        child.kill('SIGINT');
      });
    }, 20);
    const stopped = await ended(child);
    clearInterval(watch);
    expect(stopped.stderr).toContain('Stopping after this step; what was done is kept.');
    expect(stopped.status).toBe(1);
    const { status, steps } = resultSchema.parse(JSON.parse(stopped.stdout));
    expect(status).toBe('stopped');
    expect(steps).toBeLessThan(600);

    const resumed = await graft([...long, '--resume']);
    expect(resultSchema.parse(JSON.parse(resumed.stdout))).toMatchObject({ status: 'finished', steps: 600 });
    const logged = lines(await readFile(join(output, 'events.jsonl'), 'utf8'));
    const numbers = z.array(z.object({ type: z.string(), step: z.number() })).parse(logged);
    expect(numbers.filter((event) => event.type === 'step').map((event) => event.step)).toEqual(
      Array.from({ length: 600 }, (_, i) => i + 1),
    );
  });
});
