/** The files with which sentence-transformers says how a text's vector is made of its tokens'. */
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { fault } from '../../../shared/faults/index.ts';
import { writeFileAtomic } from '../formats/atomic.ts';
import { checkFields, readJsonFile } from '../formats/json.ts';
import type { Pooling } from './inference.ts';

/** How a vector of a text is made. */
export interface VectorForm {
  pooling: Pooling;
  /** Whether vectors are scaled to length 1. */
  normalize: boolean;
}

export interface SentenceFolder extends VectorForm {
  /** Tokens after which a text is cut; null: the tokenizer's limit. */
  maxLength: number | null;
  /** config_sentence_transformers.json: prompts and the similarity that vectors are compared by. */
  prompts: Readonly<Record<string, string>>;
  defaultPrompt: string | null;
  similarity: string | null;
}

const modulesSchema = z.array(z.looseObject({ path: z.string(), type: z.string() }));
const SETTINGS = 'sentence_bert_config.json';
const MAIN = 'config_sentence_transformers.json';

/** As sentence-transformers writes it since 6, and as it did up to 5: a switch for each mode. */
const poolingSchema = z.looseObject({
  pooling_mode: z.union([z.string(), z.array(z.string())]).optional(),
});
const switches: Readonly<Record<string, string>> = {
  ...{ pooling_mode_cls_token: 'cls', pooling_mode_mean_tokens: 'mean', pooling_mode_max_tokens: 'max' },
  ...{ pooling_mode_mean_sqrt_len_tokens: 'mean_sqrt_len_tokens' },
  ...{ pooling_mode_weightedmean_tokens: 'weightedmean', pooling_mode_lasttoken: 'lasttoken' },
};
const settingsSchema = z.looseObject({
  max_seq_length: z.int().positive().nullish(),
  do_lower_case: z.boolean().nullish(),
});
const mainSchema = z.looseObject({
  prompts: z.record(z.string(), z.string()).nullish(),
  default_prompt_name: z.string().nullish(),
  similarity_fn_name: z.string().nullish(),
});

/**
 * The folder of a model's modules.json: its own, or, as sentence-transformers wrote until its version 2, the one that has
 * the model's as a module ("0_Transformer"); null where there is none.
 */
async function modulesFolder(folder: string): Promise<string | null> {
  if (existsSync(path.join(folder, 'modules.json'))) return folder;
  const [around, name] = [path.dirname(path.resolve(folder)), path.basename(path.resolve(folder))];
  const file = path.join(around, 'modules.json');
  if (!/^\d+_\w+$/.test(name) || !existsSync(file)) return null;
  const modules = checkFields(modulesSchema, await readJsonFile(file), file);
  return modules.some((module) => module.path === name) ? around : null;
}

/**
 * What modules.json of a model's folder says; null where there is none. Throws `models/sentence-module` for what Graft does not
 * compute (a Dense layer, another pooling), `formats/…`, `files/…`.
 */
export async function readSentenceFolder(folder: string): Promise<SentenceFolder | null> {
  const root = await modulesFolder(folder);
  if (root === null) return null;
  const file = path.join(root, 'modules.json');
  const modules = checkFields(modulesSchema, await readJsonFile(file), file);
  let pooling: Pooling | undefined;
  let normalize = false;
  for (const { type, path: subfolder } of modules) {
    const name = type.split('.').at(-1)!;
    if (name === 'Pooling' && pooling === undefined) {
      pooling = await readPooling(path.join(root, subfolder, 'config.json'));
    } else if (name === 'Normalize') normalize = true;
    else if (name !== 'Transformer')
      throw fault('models/sentence-module', { file, key: 'type', found: type });
  }
  if (pooling === undefined)
    throw fault('models/sentence-module', { file, key: 'Pooling', found: 'nothing' });
  const settings = await optional(folder, SETTINGS, settingsSchema);
  if (settings?.do_lower_case === true) {
    const found = { file: path.join(folder, SETTINGS), key: 'do_lower_case', found: 'true' };
    throw fault('models/sentence-module', found);
  }
  const main = await optional(root, MAIN, mainSchema);
  return {
    pooling,
    normalize,
    maxLength: settings?.max_seq_length ?? null,
    prompts: main?.prompts ?? {},
    defaultPrompt: main?.default_prompt_name ?? null,
    similarity: main?.similarity_fn_name ?? null,
  };
}

async function readPooling(file: string): Promise<Pooling> {
  const config = checkFields(poolingSchema, await readJsonFile(file), file);
  const old = Object.keys(switches).filter((key) => config[key] === true);
  const named = config.pooling_mode ?? (old.length === 0 ? 'mean' : old.map((key) => switches[key]!));
  const [mode, ...more] = typeof named === 'string' ? [named] : named;
  if ((mode === 'mean' || mode === 'cls') && more.length === 0) return mode;
  throw fault('models/sentence-module', { file, key: 'pooling', found: [named].flat().join(' + ') });
}

async function optional<Schema extends z.ZodType>(
  folder: string,
  name: string,
  schema: Schema,
): Promise<z.output<Schema> | null> {
  const file = path.join(folder, name);
  return existsSync(file) ? checkFields(schema, await readJsonFile(file), file) : null;
}

/** Writes them in the layout that sentence-transformers 3 to 6 read. `width`: numbers of a token's vector. */
export async function writeSentenceFolder(
  folder: string,
  { pooling, normalize, maxLength, prompts, defaultPrompt, similarity }: SentenceFolder,
  width: number,
): Promise<void> {
  const write = async (name: string, value: unknown): Promise<void> => {
    await mkdir(path.dirname(path.join(folder, name)), { recursive: true });
    await writeFileAtomic(path.join(folder, name), `${JSON.stringify(value, null, 2)}\n`);
  };
  const modules = ['', '1_Pooling', ...(normalize ? ['2_Normalize'] : [])].map((folder, idx) => {
    const type = `sentence_transformers.models.${folder.split('_')[1] ?? 'Transformer'}`;
    return { idx, name: String(idx), path: folder, type };
  });
  await write('modules.json', modules);
  const modes = Object.entries(switches).map(([key, mode]) => [key, mode === pooling] as const);
  await write('1_Pooling/config.json', {
    word_embedding_dimension: width,
    ...Object.fromEntries(modes),
    include_prompt: true,
  });
  if (normalize) await write('2_Normalize/config.json', {});
  await write(SETTINGS, {
    ...(maxLength === null ? {} : { max_seq_length: maxLength }),
    do_lower_case: false,
  });
  await write(MAIN, {
    prompts,
    default_prompt_name: defaultPrompt,
    similarity_fn_name: similarity ?? 'cosine',
  });
}

/** Scales vectors [rows, width] to length 1 in place, as `torch.nn.functional.normalize`. */
export function normalizeRows(values: Float32Array, width: number): Float32Array {
  for (let from = 0; from < values.length; from += width) {
    const row = values.subarray(from, from + width);
    const length = Math.max(1e-12, Math.sqrt(row.reduce((sum, value) => sum + value * value, 0)));
    row.forEach((value, i) => (row[i] = value / length));
  }
  return values;
}
