/** Whether what an export wrote is what the programs that load it make of it: the rules of each, held against its files. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { openSafetensors } from '../formats/safetensors.ts';
import { readJsonFile } from '../formats/json.ts';
import { readSentenceFolder, type VectorForm } from '../models/sentence-folder.ts';
import { classByName } from '../tokenizer/tokenizer-class.ts';
import { onnxFiles } from './targets.ts';
import type { TargetKey } from './targets.ts';
import type { Verification } from './verification.ts';

export interface Promised {
  target: TargetKey;
  labels: readonly string[];
  /** Of vectors; null where logits are given. */
  vectors: VectorForm | null;
  /** Tokens after which texts are cut. */
  maxLength: number;
  model: {
    type: string;
    inputs: readonly string[];
    maxTokens: number;
    /** Elements of its vectors, whatever its config.json calls their number. */
    hiddenSize: number;
    /** Modules with weights of its own that the base's checkpoint does not have: an adapter brings them. */
    brought: readonly string[];
    /** Programs that load exports and have no classifier of its type. */
    unknownTo: readonly string[];
  };
}

type Consumer = Verification['consumers'][number];
/** `broken`: a sentence for each rule that does not hold. */
export interface CheckedRules {
  consumers: Consumer[];
  broken: string[];
}

const anything = z.record(z.string(), z.unknown());

/** Keys that change what transformers' pipelines answer, or name code that is not there. */
const FOREIGN = [
  ...['function_to_apply', 'auto_map', 'return_dict', 'torchscript', 'num_labels', 'quantization_config'],
  ...['sentence_transformers', 'sbert_ce_default_activation_function'],
];

/** Holds the files of one target against the rules of those who load it. Throws `formats/…` and `files/…`. */
export async function checkConsumers(folder: string, promised: Promised): Promise<CheckedRules> {
  const result: CheckedRules = { consumers: [], broken: [] };
  const { target, model } = promised;
  const read = async (name: string): Promise<Record<string, unknown>> =>
    existsSync(path.join(folder, name)) ? anything.parse(await readJsonFile(path.join(folder, name))) : {};
  const hold = (consumer: string, rules: Readonly<Record<string, boolean>>): void => {
    result.consumers.push({ consumer, rules: Object.keys(rules) });
    for (const [rule, holds] of Object.entries(rules))
      if (!holds) result.broken.push(`${consumer} would not take it as it is meant: ${rule} does not hold.`);
  };
  const config = await read('config.json');
  if (target === 'peft') {
    hold('PEFT', {
      ...adapterRules(await read('adapter_config.json'), model.brought),
      ...headRules(config, promised.labels),
    });
    return result;
  }
  const tokenizer = await read('tokenizer_config.json');
  hold('transformers', {
    ...(promised.vectors ? encoderRules(config) : headRules(config, promised.labels)),
    'model_type is that of the weights': config['model_type'] === model.type,
    'no key changes the outputs or names code': FOREIGN.every((key) => config[key] === undefined),
    ...tokenizerRules(tokenizer, model.maxTokens),
    ...(existsSync(path.join(folder, 'model.safetensors')) ? await weightRules(folder, config) : {}),
  });
  if (promised.vectors) hold('sentence-transformers', await sentenceRules(folder, promised));
  if (target.startsWith('onnx')) {
    const named = Object.entries(onnxFiles).find(([key]) => key === target)?.[1].file ?? '';
    const inFolder = {
      'the model stands in onnx/ under the name of its dtype': existsSync(path.join(folder, 'onnx', named)),
      'tokenizer.json and tokenizer_config.json are beside it':
        existsSync(path.join(folder, 'tokenizer.json')) && typeof tokenizer['tokenizer_class'] === 'string',
      'its config says nothing else about types or shapes': config['transformers.js_config'] === undefined,
    };
    if (!model.unknownTo.includes('transformers.js')) hold('transformers.js', inFolder);
    // Opening it has compared its inputs and output with these.
    hold('onnxruntime', {
      [`inputs are int64 ${model.inputs.join(', ')}, the output logits`]: true,
    });
  }
  return result;
}

function headRules(config: Record<string, unknown>, labels: readonly string[]): Record<string, boolean> {
  const names = anything.safeParse(config['id2label']).data ?? {};
  const ids = anything.safeParse(config['label2id']).data ?? {};
  const [architecture] = z.array(z.string()).safeParse(config['architectures']).data ?? [];
  return {
    'architectures is a sequence classifier': /ForSequenceClassification$/.test(architecture ?? ''),
    'problem_type is single_label_classification, so that scores are a softmax':
      config['problem_type'] === 'single_label_classification' && labels.length > 1,
    'id2label names the labels in their order':
      Object.keys(names).length === labels.length && labels.every((label, id) => names[id] === label),
    'label2id is the inverse of id2label':
      Object.keys(ids).length === labels.length && labels.every((label, id) => ids[label] === id),
  };
}

function encoderRules(config: Record<string, unknown>): Record<string, boolean> {
  const [architecture] = z.array(z.string()).safeParse(config['architectures']).data ?? [];
  return {
    'architectures is an encoder': /Model$/.test(architecture ?? ''),
    'nothing speaks of labels': ['id2label', 'label2id', 'problem_type'].every(
      (key) => config[key] === undefined,
    ),
  };
}

function tokenizerRules(tokenizer: Record<string, unknown>, longest: number): Record<string, boolean> {
  const limit = z.number().positive().safeParse(tokenizer['model_max_length']).data;
  return {
    'tokenizer_class is one that reads tokenizer.json':
      classByName(String(tokenizer['tokenizer_class'])).family !== 'python',
    'model_max_length is within the positions of the model': limit !== undefined && limit <= longest,
    'the tokenizer names no code of its own': tokenizer['auto_map'] === undefined,
  };
}

async function weightRules(
  folder: string,
  config: Record<string, unknown>,
): Promise<Record<string, boolean>> {
  const file = await openSafetensors(path.join(folder, 'model.safetensors'));
  await file.close();
  const stored = { F32: 'float32', F16: 'float16', BF16: 'bfloat16' } as Record<string, string>;
  const types = new Set([...file.tensors.values()].map(({ dtype }) => stored[dtype]));
  return { 'dtype is that of all weights': types.size === 1 && types.has(String(config['dtype'])) };
}

async function sentenceRules(
  folder: string,
  { vectors, maxLength, model }: Promised,
): Promise<Record<string, boolean>> {
  const found = await readSentenceFolder(folder);
  const pooling = anything.parse(await readJsonFile(path.join(folder, '1_Pooling/config.json')));
  return {
    'modules.json lists Transformer, Pooling and, where vectors have length 1, Normalize':
      found !== null && found.normalize === vectors?.normalize,
    '1_Pooling has the pooling and the size of the vectors':
      found?.pooling === vectors?.pooling && pooling['word_embedding_dimension'] === model.hiddenSize,
    'max_seq_length is where texts are cut': found?.maxLength === maxLength,
    'default_prompt_name is one of the prompts':
      !found?.defaultPrompt || found.defaultPrompt in found.prompts,
  };
}

function adapterRules(config: Record<string, unknown>, brought: readonly string[]): Record<string, boolean> {
  const saved = z.array(z.string()).safeParse(config['modules_to_save']).data ?? [];
  const base = config['base_model_name_or_path'];
  return {
    'task_type is SEQ_CLS': config['task_type'] === 'SEQ_CLS',
    [`modules_to_save has ${brought.join(', ')}`]: brought.every((module) => isSaved(module, saved)),
    'base_model_name_or_path is a name, not a place on this machine':
      typeof base === 'string' && base !== '' && !path.isAbsolute(base) && !path.win32.isAbsolute(base),
  };
}

/** PEFT saves a module whole whose path, or that of a module it is in, ends with one of the names. */
const isSaved = (module: string, names: readonly string[]): boolean => {
  const parts = module.split('.');
  const around = parts.map((_, i) => parts.slice(0, i + 1).join('.'));
  return around.some((path) => names.some((name) => path.endsWith(name)));
};
