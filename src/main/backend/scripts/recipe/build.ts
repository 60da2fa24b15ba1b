import type { Recipe } from '../../../../shared/contract/scripts.ts';
import { constantOf, numberOf, textOf, type Call, type Value } from '../python/values.ts';
import type { Reader } from '../python/reader.ts';
import { isAdapterOf, readAdapterFields } from './adapter.ts';
import { checkMaps, labelsOf, numLabelsOf, readData, selectOf, type ScriptData } from './data.ts';
import { Findings } from './findings.ts';
import { readMetrics } from './metrics.ts';
import { readTokens } from './tokens.ts';
import { readTraining } from './training.ts';
import { findTraps } from './traps.ts';

/** The settings of a script that was read. */
export function buildRecipe(reader: Reader): Recipe {
  const { calls } = reader;
  const findings = new Findings(reader);
  const trainers = calls.filter((call) => /Trainer$/.test(call.name));
  const [trainer, second] = trainers;
  if (second) findings.notTaken('another', second.line, { what: 'Trainer', has: 'is' });
  const argumentsCall = argumentsOf(trainer, calls, findings);
  const modelCall = modelOf(trainer, calls, findings);
  const model = modelName(modelCall, calls, findings);
  const data = readData(calls, trainer, findings);
  const adapter = readAdapterFields(reader, trainer !== undefined && model !== null, findings);
  const training = readTraining(
    { calls, trainer, args: argumentsCall, replaced: replacedMethods(trainer, findings) },
    findings,
  );
  for (const call of [trainer, argumentsCall, modelCall, adapter.call]) checkCondition(call, findings);
  checkMaps(calls, findings);
  checkTrainer(trainer, findings);
  const split = splitOff(data, findings);
  const recipe: Omit<Recipe, 'read' | 'traps' | 'notUnderstood'> = {
    model,
    dataset: data.dataset,
    ...readTokens(calls, data.train, findings),
    ...labelsOf(data, calls, findings),
    numLabels: numLabelsOf(modelCall, calls, findings),
    trainSplit: data.train?.split ?? null,
    // Parts of one split: Graft sets rows aside by itself.
    evalSplit: data.eval?.part ? null : (data.eval?.split ?? null),
    trainSelect: selectOf(data.train, 'train', findings),
    evalSelect: data.eval?.part ? null : selectOf(data.eval, 'eval', findings),
    split,
    metrics: readMetrics(calls, findings),
    adapter: adapter.fields,
    modelOverrides: overridesOf(modelCall, findings),
    training,
  };
  findTraps({ recipe, calls, adapterCall: adapter.call, argumentsCall, trainer, modelCall, data, findings });
  const notUnderstood = [...reader.notUnderstood]
    .sort(([a], [b]) => a - b)
    .map(([line, why]) => ({ line, text: reader.source.lineText(line), why }));
  return {
    ...recipe,
    read: findings.read.sort((a, b) => a.line - b.line),
    traps: findings.traps.sort((a, b) => (a.line ?? 0) - (b.line ?? 0)),
    notUnderstood,
  };
}

/** Methods of the script's own Trainer and their lines; training says what becomes of its loss and its optimizer. */
function replacedMethods(trainer: Call | undefined, findings: Findings): Map<string, number> {
  const replaced = new Map<string, number>();
  const { name: type, entries } = trainer?.subclass ?? {};
  for (const [name, { value, line }] of entries ?? []) {
    if (value.kind !== 'function') continue;
    replaced.set(name, line);
    if (!/^(__init__|compute_loss|create_(optimizer|scheduler|optimizer_and_scheduler))$/.test(name))
      findings.notTaken('method', line, { type: type!, name });
  }
  return replaced;
}

/** What is made on a condition may not be what trains; loops that train are said by themselves. */
function checkCondition(call: Call | undefined, findings: Findings): void {
  if (!call || call.condition === null || /^(async )?(for|while)\b/.test(call.condition)) return;
  const condition = call.condition.replaceAll(/\s+/g, ' ').slice(0, 100);
  const name = call.name === 'from_pretrained' ? call.owner : call.name;
  findings.notTaken('conditional', call.line, { name, condition });
}

const areArguments = (call: Call): boolean => /TrainingArguments$/.test(call.name);

function argumentsOf(
  trainer: Call | undefined,
  calls: readonly Call[],
  findings: Findings,
): Call | undefined {
  const given = trainer && trainer.argument('args', 1);
  if (given?.value.kind === 'call' && areArguments(given.value.call)) return given.value.call;
  if (given) findings.notTaken('arguments', given.line, {});
  return calls.find(areArguments);
}

const isClassifier = (call: Call): boolean =>
  call.name === 'from_pretrained' && !isAdapterOf(call) && /ForSequenceClassification$/.test(call.owner);

/** The classifier that Trainer is given, behind get_peft_model and model_init; else the first of the script. */
function modelOf(trainer: Call | undefined, calls: readonly Call[], findings: Findings): Call | undefined {
  let at: Value | undefined = trainer && trainer.argument('model', 0)?.value;
  for (let hops = 0; at?.kind === 'call' && hops < 50; hops++) {
    if (isClassifier(at.call)) return at.call;
    at = at.call.source;
  }
  const [first, ...others] = calls.filter(isClassifier);
  const other = others.find((call) => textOf(call.args[0]?.value) !== textOf(first?.args[0]?.value));
  if (other) findings.notTaken('models', other.line, {});
  return first;
}

function modelName(classifier: Call | undefined, calls: readonly Call[], findings: Findings): string | null {
  // The tokenizer of an adapter stands in the adapter's folder, not in the model's.
  const names = calls.some(isAdapterOf) ? /^AutoModel/ : /^AutoModel|Tokenizer/;
  const loaded =
    classifier ?? calls.find((call) => call.name === 'from_pretrained' && names.test(call.owner));
  const given = loaded && loaded.argument('pretrained_model_name_or_path', 0);
  if (!given) return null;
  const name = textOf(given.value);
  if (name === undefined) {
    findings.value('the model', given);
    return null;
  }
  findings.found('model', given.line, name);
  const revision = loaded.text('revision');
  return revision === undefined || revision === 'main' ? name : `${name}@${revision}`;
}

/** Arguments of `from_pretrained` that are no fields of config.json, or that the head's labels decide. */
const loading = new Set(
  `num_labels id2label label2id problem_type revision config cache_dir force_download local_files_only token
   use_auth_token trust_remote_code torch_dtype dtype device_map max_memory low_cpu_mem_usage attn_implementation
   load_in_8bit load_in_4bit quantization_config ignore_mismatched_sizes use_safetensors from_tf from_flax subfolder
   variant proxies return_dict output_attentions output_hidden_states output_loading_info state_dict
   pretrained_model_name_or_path resume_download mirror finetuning_task key_mapping`.split(/\s+/),
);

/** Layers that a script puts in the place of the head: `model.classifier = nn.Sequential(…)`. */
const headNames = /^(classifier|score|pre_classifier|pooler|head)$/;

/** `from_pretrained(…, hidden_dropout_prob=0.0)`. */
function overridesOf(classifier: Call | undefined, findings: Findings): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  if (!classifier) return fields;
  for (const [name, placed] of classifier.named) {
    const { line } = placed;
    if (loading.has(name)) continue;
    if (headNames.test(name)) {
      findings.trap('own-head', line, { model: `the model (${name})` });
      continue;
    }
    const known = findings.value(name, placed);
    if (!known) continue;
    const { data } = known;
    fields[name] = data;
    findings.found(`modelOverrides.${name}`, line, data);
  }
  return fields;
}

/** `train_test_split(test_size=0.2, seed=42)` as the share of the training rows that is set aside. */
function splitOff({ train, eval: evaluated }: ScriptData, findings: Findings): Recipe['split'] {
  const call = train?.part?.split;
  if (!call) return null;
  const { line } = call;
  if (evaluated && evaluated.part?.split !== call) {
    findings.notTaken('rows elsewhere', line, {});
    return null;
  }
  if (train.lost) return null;
  const isNumpy = call.callee.kind === 'member';
  const name = isNumpy ? 'seed' : 'random_state';
  const given = call.named.get('test_size') ?? (isNumpy ? call.args[0] : undefined);
  const [trained, seedGiven] = [call.named.get('train_size'), call.named.get(name)];
  const [size, share, seed] = [given, trained, seedGiven].map((one) => numberOf(one?.value));
  const test = size ?? (share === undefined ? 0.25 : 1 - share);
  const isUnknown = [given, trained, seedGiven].some(
    (one) => one && numberOf(one.value) === undefined && constantOf(one.value) !== null,
  );
  const isPart = test > 0 && test < 1 && (share ?? 0) < 1;
  if (isUnknown) findings.notTaken('rows set aside at run time', line, {});
  else if (train.part!.name === 'test') findings.notTaken('test part', line, {});
  else if (!isPart) findings.notTaken('rows set aside', line, {});
  if (isUnknown || train.part!.name === 'test' || !isPart) return null;
  findings.found('data.split.test_size', (given ?? trained)?.line ?? line, test);
  if (seed === undefined) findings.trap('no-seed/split', line, { name });
  findings.trap('other-rows', line, {});
  return { test_size: test, seed: seed ?? 42 };
}

/** Arguments of Trainer that are read elsewhere, or that change no result. */
const trainerArguments = new Set(
  `model args train_dataset eval_dataset processing_class tokenizer compute_metrics callbacks model_init optimizers
   preprocess_logits_for_metrics compute_loss_func data_collator`.split(/\s+/),
);

function checkTrainer(trainer: Call | undefined, findings: Findings): void {
  for (const [name, { line }] of trainer?.named ?? []) {
    if (!trainerArguments.has(name)) findings.notTaken('trainer', line, { name });
  }
  const collator = trainer?.named.get('data_collator');
  const made = collator?.value.kind === 'call' ? collator.value.call.name : '';
  const isUsual =
    !collator ||
    constantOf(collator.value) === null ||
    /^(DataCollatorWithPadding|DefaultDataCollator)$/.test(made) ||
    (collator.value.kind === 'symbol' && /\bdefault_data_collator$/.test(collator.value.path));
  if (!isUsual) findings.notTaken('collator', collator.line, {});
}
