import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { openTable } from '../../engine/data/table.ts';
import { temporaryFolder } from '../../engine/formats/test-support.ts';
import { errorSchema, golden, graft, lines } from '../test-support.ts';

const model = join(golden, 'models/bert');
const predictions = z.array(
  z.strictObject({ label: z.string(), score: z.number(), logits: z.array(z.number()) }),
);
const rows = z.array(z.array(z.number()));
const reference = z.object({
  texts: z.array(z.string()),
  input_ids: rows,
  attention_mask: rows,
  token_type_ids: rows,
  logits: rows,
  cls: rows,
  mean_pooled: rows,
});

async function goldenRun(name: string) {
  return reference.parse(JSON.parse(await readFile(join(golden, name), 'utf8')));
}

function largestDifference(a: number[][], b: number[][]): number {
  expect(a.map((row) => row.length)).toEqual(b.map((row) => row.length));
  return Math.max(...a.flatMap((row, i) => row.map((value, j) => Math.abs(value - b[i]![j]!))));
}

describe('predict', () => {
  it('gives the logits of the reference for texts, a line of JSON each, in order', async () => {
    const { texts, logits } = await goldenRun('models/bert.json');
    const { status, stdout } = await graft(['predict', '--model', model, '--input', '-'], texts.join('\n'));
    expect(status).toBe(0);
    const answers = predictions.parse(lines(stdout));
    expect(
      largestDifference(
        answers.map((row) => row.logits),
        logits,
      ),
    ).toBeLessThan(1e-4);
    for (const { score, logits } of answers) {
      const best = Math.max(...logits);
      expect(score).toBeCloseTo(1 / logits.reduce((sum, value) => sum + Math.exp(value - best), 0), 5);
    }
  });

  it('takes token ids with their mask, and an adapter on the model', async () => {
    const { input_ids, attention_mask, token_type_ids } = await goldenRun('models/bert.json');
    const expected = z
      .object({ logits: rows })
      .parse(JSON.parse(await readFile(join(golden, 'adapters/lora-qv.json'), 'utf8')));
    const input = input_ids.map((ids, i) =>
      JSON.stringify({
        input_ids: ids,
        attention_mask: attention_mask[i],
        token_type_ids: token_type_ids[i],
      }),
    );
    const adapter = join(golden, 'adapters/lora-qv');
    const run = await graft(
      ['predict', '--model', model, '--adapter', adapter, '--input', '-', '--json'],
      input.join('\n'),
    );
    const { results } = z.object({ results: predictions }).parse(JSON.parse(run.stdout));
    expect(
      largestDifference(
        results.map((row) => row.logits),
        expected.logits,
      ),
    ).toBeLessThan(1e-4);
  });

  it('names an adapter that is not there', async () => {
    const run = await graft(['predict', '--model', model, '--adapter', 'no-such', '--input', '-', '--json']);
    expect(errorSchema.parse(JSON.parse(run.stdout)).error.message).toBe('no-such does not exist.');
    expect(run.status).toBe(1);
  });

  it('keeps the columns of the input where the output is a table', async () => {
    const folder = await temporaryFolder();
    const input = join(folder, 'in.csv');
    await writeFile(input, 'id,body\n7,great food\n8,slow service\n');
    for (const format of ['csv', 'parquet']) {
      const output = join(folder, `answers.${format}`);
      const args = [
        '--model',
        model,
        '--input',
        input,
        '--text-column',
        'body',
        '--output',
        output,
        '--json',
      ];
      const { status, stdout } = await graft(['predict', ...args]);
      expect(status).toBe(0);
      expect(JSON.parse(stdout)).toMatchObject({ status: 'finished', rows: 2, output });
      const found: Record<string, unknown>[] = [];
      for await (const { values } of (await openTable(output)).rows()) found.push(values);
      expect(found).toMatchObject([
        { id: '7', body: 'great food' },
        { id: '8', body: 'slow service' },
      ]);
      expect(Object.keys(found[0]!).slice(2, 5)).toEqual(['label', 'score', 'probability_1 star']);
    }
    const piped = await graft([
      'predict',
      '--model',
      model,
      '--input',
      '-',
      '--output',
      join(folder, 'x.csv'),
      '--json',
    ]);
    expect(piped.status).toBe(2);
    expect(errorSchema.parse(JSON.parse(piped.stdout)).error.code).toBe('cli/usage');
  });
});

describe('embed', () => {
  it.each(['mean', 'cls'] as const)('gives the vectors of the reference with %s pooling', async (pooling) => {
    const { texts, cls, mean_pooled } = await goldenRun('models/bert.json');
    const { stdout } = await graft(
      ['embed', '--model', model, '--input', '-', '--pooling', pooling],
      texts.join('\n'),
    );
    const vectors = z.array(z.strictObject({ embedding: z.array(z.number()) })).parse(lines(stdout));
    const expected = pooling === 'cls' ? cls : mean_pooled;
    expect(
      largestDifference(
        vectors.map((row) => row.embedding),
        expected,
      ),
    ).toBeLessThan(1e-4);
  });
});
