/** What the head of an adapter is for, by what its files say. */
import { methodOf } from '../../../shared/methods/index.ts';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { fault } from '../../../shared/faults/index.ts';
import { openAdapterWeights } from '../formats/checkpoint.ts';
import { readJsonFile } from '../formats/json.ts';
import { readModelConfig } from '../formats/model-config.ts';
import { architectureOf } from '../models/architectures.ts';
import { otherClass, otherOutputs } from '../models/checkpoint-head.ts';

/** Task types of PEFT other than SEQ_CLS. */
const tasks: Readonly<Record<string, string>> = {
  TOKEN_CLS: 'a token classifier, which labels each token',
  QUESTION_ANS: 'a question answerer, which finds a span of the text',
  FEATURE_EXTRACTION: 'an embedding model, which has no classes',
  CAUSAL_LM: 'a causal language model, which writes text and has no classes',
  SEQ_2_SEQ_LM: 'a sequence-to-sequence model, which writes text and has no classes',
};

const fieldsSchema = z.object({
  peft_type: z.unknown(),
  task_type: z.string().nullish().catch(undefined),
  auto_mapping: z.object({ base_model_class: z.string() }).nullish().catch(undefined),
});

/** Refuses the configuration of an adapter that is for another task than the classification of texts. Throws `peft/other-task`. */
export function requireClassification(fields: unknown, file: string): void {
  const { task_type: task, auto_mapping: mapping } = fieldsSchema.catch({ peft_type: null }).parse(fields);
  if (task != null && task !== 'SEQ_CLS') {
    const what = tasks[task] ?? 'for a task that Graft does not know';
    throw fault('peft/other-task', { what, file, seen: `task_type is "${task}"` });
  }
  const trained = mapping?.base_model_class;
  if (task != null || trained === undefined) return;
  const what = otherClass(trained) ?? (/Model$/.test(trained) ? tasks['FEATURE_EXTRACTION'] : undefined);
  if (what !== undefined)
    throw fault('peft/other-task', { what, file, seen: `auto_mapping names the class ${trained}` });
}

/** Whether an adapter was trained on an encoder without a head, so that its names have no head's model before them. */
export async function isEncoderAdapter(folder: string): Promise<boolean> {
  const fields = fieldsSchema.safeParse(await readJsonFile(path.join(folder, 'adapter_config.json'))).data;
  if (fields?.task_type != null) return fields.task_type === 'FEATURE_EXTRACTION';
  return /Model$/.test(fields?.auto_mapping?.base_model_class ?? '');
}

/**
 * Names of the labels of an adapter's head: those of the config.json beside it, else the base model's when their number
 * fits, else LABEL_0, …; undefined when the adapter has no head of its own. Throws `peft/other-task` and
 * `peft/unnamed-task` for a head that is not known to be a classifier's, `formats/…`, `files/…`.
 */
export async function adapterFolderLabels(
  folder: string,
  model: string,
): Promise<readonly string[] | undefined> {
  const source = path.join(folder, 'adapter_config.json');
  const json = await readJsonFile(source);
  requireClassification(json, source);
  const file = await openAdapterWeights(folder);
  await file.close();
  const tensor = await headTensor(model);
  const size = file.tensors.get(tensor)?.shape[0];
  if (size === undefined) return undefined;
  const beside = path.join(folder, 'config.json');
  const own = existsSync(beside) ? folder : model;
  const config = await readModelConfig(own);
  if (size === 1) {
    const what = 'a regressor or a cross-encoder, which gives one number';
    throw fault('peft/other-task', { what, file: file.path, seen: `${tensor} has one value` });
  }
  // PEFT keeps neither labels nor problem_type: the base's hold where nothing else is said.
  const other = otherOutputs({ ...config, num_labels: size });
  if (other) throw fault('peft/other-task', { ...other, file: path.join(own, 'config.json') });
  if (!isNamed(json, folder)) throw fault('peft/unnamed-task', { file: source, tensor });
  const { id2label } = config;
  return id2label.length === size ? id2label : Array.from({ length: size }, (_, id) => `LABEL_${id}`);
}

/** The tensor of an adapter whose length is the number of its head's labels. `model`: the base's folder. */
export async function headTensor(model: string): Promise<string> {
  const { names } = architectureOf(await readModelConfig(model), path.join(model, 'config.json'));
  return `base_model.model.${names.output}.bias`;
}

/** Whether anything says what a head is for; of Graft's own adapters only those without `task_type` need the rest. */
function isNamed(json: unknown, folder: string): boolean {
  const { peft_type: type, task_type: task, auto_mapping: mapping } = fieldsSchema.parse(json);
  if (task != null || mapping != null || !methodOf(type)?.peft) return true;
  return ['events.jsonl', 'verification.json'].some((name) => existsSync(path.join(folder, name)));
}
