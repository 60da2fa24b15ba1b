import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { Loading } from '../../../shared/contract/models.ts';
import { bytesOf } from '../formats/dtype.ts';
import { faultOf, golden, temporaryFolder, textOf } from '../formats/test-support.ts';
import { writeSafetensors } from '../formats/write-safetensors.ts';
import { loadTokenizer } from '../tokenizer/load-tokenizer.ts';
import { architectures } from './architectures.ts';
import { openBaseModel } from './base-model.ts';
import type { EncodedText } from './batch.ts';
import { Inference } from './inference.ts';
import { elements } from './parameters.ts';
import { goldenTexts, openedModel } from './test-support.ts';

const names = z.array(z.string());
const numbers = z.array(z.array(z.number()));
const mismatched = z.array(z.tuple([z.string(), z.array(z.number()), z.array(z.number())]));
const readJson = <Schema extends z.ZodType>(file: string, schema: Schema): z.output<Schema> =>
  schema.parse(JSON.parse(readFileSync(file, 'utf8')));

const sorted = ({ missing, unexpected, mismatched: resized }: Loading) => ({
  missing: [...missing].sort(),
  unexpected: [...unexpected].sort(),
  mismatched: resized.map(({ name, found, expected }) => [name, [...found], [...expected]]).sort(),
});

const labels = Array.from({ length: 5 }, (_, i) => `LABEL_${i}`);
const caseSchema = z.object({
  missing_keys: names,
  unexpected_keys: names,
  mismatched_keys: mismatched,
  logits: numbers.optional(),
  cls: numbers.optional(),
  pooled: numbers.optional(),
  input_ids: numbers.optional(),
  texts: names.optional(),
});

describe.each(['seed1', 'seed2'])('checkpoints of %s', (seed) => {
  const { 'vocab-only': vocabulary, ...cases } = readJson(
    path.join(golden, seed, 'checkpoints.json'),
    z.record(z.string(), z.unknown()),
  );
  const folderOf = (name: string): string => path.join(golden, seed, 'checkpoints', name);

  it.each(Object.keys(cases))('%s gives what transformers gives, and lacks what it lacks', async (name) => {
    const expected = caseSchema.parse(cases[name]);
    const folder = folderOf(name);
    const base = await openedModel(folder, { head: 'sequence', labelNames: labels });
    expect(sorted(base.loading)).toEqual({
      missing: expected.missing_keys,
      unexpected: expected.unexpected_keys,
      mismatched: expected.mismatched_keys,
    });
    const isDrawn = [...expected.missing_keys, ...expected.mismatched_keys.map(([parameter]) => parameter)];
    expect([...base.newlyInitialized].sort()).toEqual(isDrawn.sort());

    let texts: EncodedText[] = (await goldenTexts(seed)).texts;
    if (expected.texts) {
      const encoded = await (
        await loadTokenizer(folder)
      ).encode(
        expected.texts.map((text) => ({ text })),
        {},
      );
      expect(encoded.map(({ inputIds }) => [...inputIds])).toEqual(expected.input_ids);
      texts = encoded;
    }
    const near = (found: ArrayLike<number>, wanted: readonly number[][]): void => {
      expect(Math.max(...wanted.flat().map((value, i) => Math.abs(value - found[i]!)))).toBeLessThan(1e-4);
    };
    if (expected.logits) {
      const inference = await Inference.open(base, undefined, { head: 'sequence', precision: 'fp32' });
      near(await inference.logits(texts), expected.logits);
      inference.close();
    }
    if (!expected.cls) return;
    const encoder = await openedModel(folder, { head: 'none' });
    const inference = await Inference.open(encoder, undefined, { head: 'none', precision: 'fp32' });
    const cls = await inference.embeddings(texts, 'cls');
    inference.close();
    near(cls, expected.cls);
    if (!expected.pooled) return;
    const [weight, bias] = await Promise.all(
      ['pooler.dense.weight', 'pooler.dense.bias'].map((parameter) => encoder.read(parameter)),
    );
    const width = bias!.length;
    const pooled = texts.flatMap((_, row) =>
      Array.from(bias!, (start, to) => {
        const inner = Array.from(
          { length: width },
          (_, k) => weight![to * width + k]! * cls[row * width + k]!,
        );
        return Math.tanh(inner.reduce((sum, value) => sum + value, start));
      }),
    );
    near(pooled, expected.pooled);
  });

  it('a head of another size is refused where no labels are given', async () => {
    const folder = await temporaryFolder();
    const file = path.join(folderOf('other-head'), 'model.safetensors');
    await writeFile(path.join(folder, 'model.safetensors'), readFileSync(file));
    await writeFile(
      path.join(folder, 'config.json'),
      readFileSync(path.join(folderOf('plain'), 'config.json')),
    );
    const fault = await faultOf(() => openBaseModel(folder, { head: 'sequence' }));
    expect(textOf(fault, folder)).toMatch(
      /^model\.safetensors: classifier\.weight has shape \[3, 16\], config\.json asks for \[5, 16\] \(id2label\)/,
    );
  });

  it('vocab.txt alone gives the ids of its tokenizer', async () => {
    const tokenizer = await loadTokenizer(folderOf('vocab-only'));
    const { cases: texts } = z
      .object({ cases: z.array(z.object({ text: z.string(), input_ids: z.array(z.number()) })) })
      .parse(vocabulary);
    const encoded = await tokenizer.encode(texts, {});
    expect(encoded.map(({ inputIds }) => [...inputIds])).toEqual(texts.map((c) => c.input_ids));
  });
});

// Made by fixtures/loading.py with transformers 5.17.
const loadings = readJson(
  path.join(import.meta.dirname, 'fixtures/loading.json'),
  z.array(
    z.object({
      name: z.string(),
      config: z.looseObject({ model_type: z.string() }),
      tensors: z.record(z.string(), z.array(z.number())),
      loads: z.array(
        z.object({
          head: z.enum(['sequence', 'tokens', 'none']),
          labels: z.number(),
          missing: names,
          unexpected: names,
          mismatched,
        }),
      ),
    }),
  ),
);
const trained = new Set(architectures.flatMap(({ modelTypes }) => modelTypes));
const known = loadings.filter(({ config }) => trained.has(config.model_type));

/** A folder with the case's config, some fields changed, and its tensors, all zero. */
async function folderOf({ config, tensors }: (typeof known)[number], changed: object = {}): Promise<string> {
  const folder = await temporaryFolder();
  await writeFile(path.join(folder, 'config.json'), JSON.stringify({ ...config, ...changed }));
  const written = Object.entries(tensors).map(([name, shape]) => {
    return { name, dtype: 'F32' as const, shape, data: () => bytesOf(new Float32Array(elements(shape))) };
  });
  await writeSafetensors(path.join(folder, 'model.safetensors'), written, { format: 'pt' });
  return folder;
}

it.each(known)('the file of $name lists what transformers lists, for each head', async (c) => {
  const folder = await folderOf(c);
  for (const { head, labels: count, ...lists } of c.loads) {
    const base = await openedModel(folder, { head, labelNames: labels.slice(0, count) });
    expect(sorted(base.loading), `${head} of ${count}`).toEqual(lists);
  }
});

describe.each(known.filter(({ name }) => name.endsWith('Model')))('$name', (c) => {
  // Ids of tokens are read from the tokenizer.
  const fields = Object.keys(c.config).filter(
    (key) => typeof c.config[key] === 'number' && !key.endsWith('_token_id'),
  );

  it('is refused by the key where a field of config.json has another type', async () => {
    const folder = await folderOf(c);
    for (const key of fields) {
      for (const value of ['x', 2.5, [1]]) {
        await writeFile(path.join(folder, 'config.json'), JSON.stringify({ ...c.config, [key]: value }));
        const fault = await faultOf(() => openBaseModel(folder, { head: 'sequence' }));
        expect(textOf(fault, folder), `${key} ${String(value)}`).toMatch(
          new RegExp(`^config\\.json: ${key} `),
        );
      }
    }
  });

  it('is refused by tensor, shapes and key where its weights are of another size than config.json says', async () => {
    const fault = await faultOf(async () =>
      openBaseModel(await folderOf(c, { vocab_size: 20 }), { head: 'sequence' }),
    );
    expect(fault.message).toMatch(
      /model\.safetensors: \S+ has shape \[12, \d\], config\.json asks for \[20, \d\] \(vocab_size\)/,
    );
  });
});
