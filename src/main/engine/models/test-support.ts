import { existsSync } from 'node:fs';
import { copyFile, cp, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import { z } from 'zod';
import { Pcg64 } from '../../../shared/random/pcg64.ts';
import { bytesOf } from '../formats/dtype.ts';
import { parseModelConfig } from '../formats/model-config.ts';
import { openSafetensors } from '../formats/safetensors.ts';
import { golden, temporaryFolder } from '../formats/test-support.ts';
import { writeSafetensors } from '../formats/write-safetensors.ts';
import { architectureOf, architectures } from './architectures.ts';
import { openBaseModel, type BaseModel, type BaseModelOptions } from './base-model.ts';
import type { EncodedText } from './batch.ts';

export const goldenBert = (seed = 'seed1'): string => path.join(golden, seed, 'models/bert');

/**
 * The golden model of a type, or that of fixtures/architectures with a tokenizer, or that of a type with the same names of
 * tensors, with its own in config.json.
 */
export async function tinyModel(type: string): Promise<string> {
  const folder = (name: string): string => path.join(golden, 'seed1/models', name);
  if (existsSync(folder(type))) return folder(type);
  const copy = await temporaryFolder();
  const own = path.join(golden, '../architectures', type);
  if (existsSync(own)) {
    await cp(own, copy, { recursive: true });
    for (const name of ['tokenizer.json', 'tokenizer_config.json'])
      await copyFile(path.join(goldenBert(), name), path.join(copy, name));
    return copy;
  }
  const { prefix } = architectureOf(parseModelConfig({ model_type: type }, ''), '').names;
  const alike = architectures.filter(({ names }) => names.prefix === prefix);
  const relatives = alike.flatMap(({ modelTypes }) => modelTypes);
  await cp(folder(relatives.find((name) => existsSync(folder(name)))!), copy, { recursive: true });
  const config = path.join(copy, 'config.json');
  const raw = z.record(z.string(), z.unknown()).parse(JSON.parse(await readFile(config, 'utf8')));
  await writeFile(config, JSON.stringify({ ...raw, model_type: type }));
  return copy;
}

/** The model types that Graft trains and golden cases are there of. */
export const goldenArchitectures = architectures
  .flatMap(({ modelTypes }) => modelTypes)
  .filter((type) => existsSync(path.join(golden, 'seed1/models', type)));

const modelCase = z.object({
  input_ids: z.array(z.array(z.number())),
  attention_mask: z.array(z.array(z.number())),
  token_type_ids: z.array(z.array(z.number())).nullable(),
  logits: z.array(z.array(z.number())),
});

/** The inputs of models/<name>.json without padding, and the logits of the model or what is compared to them. */
export async function goldenTexts(
  seed = 'seed1',
  name = 'bert',
): Promise<{ texts: EncodedText[]; logits: number[][] }> {
  const file = path.join(golden, seed, `models/${name}.json`);
  const { input_ids, attention_mask, token_type_ids, logits } = modelCase.parse(
    JSON.parse(await readFile(file, 'utf8')),
  );
  const texts = input_ids.map((ids, i) => {
    const length = attention_mask[i]!.reduce((a, b) => a + b, 0);
    return {
      inputIds: Int32Array.from(ids.slice(0, length)),
      ...(token_type_ids && { tokenTypeIds: Int32Array.from(token_type_ids[i]!.slice(0, length)) }),
    };
  });
  return { texts, logits };
}

/** A model that is closed when the test ends. */
export async function openedModel(
  folder = goldenBert(),
  options: BaseModelOptions = { head: 'sequence' },
): Promise<BaseModel> {
  const base = await openBaseModel(folder, options);
  onTestFinished(() => base.close());
  return base;
}

/** Dropout off, so that a step is a function of its batch alone. */
export const noDropout = { hidden_dropout_prob: 0, attention_probs_dropout_prob: 0 };

/** A text of random ids and token types. */
export function randomText(length: number, seed: number): EncodedText {
  const random = new Pcg64([length, seed]);
  return {
    inputIds: Int32Array.from({ length }, () => random.integers(600)),
    tokenTypeIds: Int32Array.from({ length }, () => random.integers(2)),
  };
}

/** A text with padding that its mask leaves out. */
export function padded(text: EncodedText, length: number): EncodedText {
  const inputIds = new Int32Array(length);
  const tokenTypeIds = new Int32Array(length);
  inputIds.set(text.inputIds);
  tokenTypeIds.set(text.tokenTypeIds ?? []);
  return { inputIds, tokenTypeIds, attentionMask: new Int32Array(length).fill(1, 0, text.inputIds.length) };
}

export interface ModelTensor {
  shape: readonly number[];
  data: Float32Array;
}

/** A copy of a model, the golden bert, with another config.json and other weights, in a folder that goes with the test. */
export async function changedModel(
  config: Readonly<Record<string, unknown>>,
  change: (tensors: Map<string, ModelTensor>) => void = () => undefined,
  from = goldenBert(),
): Promise<string> {
  const folder = await temporaryFolder();
  const raw = z
    .record(z.string(), z.unknown())
    .parse(JSON.parse(await readFile(path.join(from, 'config.json'), 'utf8')));
  await writeFile(path.join(folder, 'config.json'), JSON.stringify({ ...raw, ...config }));
  for (const name of ['tokenizer.json', 'tokenizer_config.json']) {
    await copyFile(path.join(from, name), path.join(folder, name));
  }
  const file = await openSafetensors(path.join(from, 'model.safetensors'));
  const tensors = new Map<string, ModelTensor>();
  for (const [name, { shape }] of file.tensors)
    tensors.set(name, { shape, data: await file.readFloat32(name) });
  await file.close();
  change(tensors);
  const written = [...tensors].map(([name, { shape, data }]) => ({
    name,
    dtype: 'F32' as const,
    shape,
    data: () => bytesOf(data),
  }));
  await writeSafetensors(path.join(folder, 'model.safetensors'), written, { format: 'pt' });
  return folder;
}
