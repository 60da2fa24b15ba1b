import type { Recipe } from '../../../../shared/contract/scripts.ts';
import { constantOf, numberOf, textOf, type Call, type Value } from '../python/values.ts';
import type { Reader } from '../python/reader.ts';
import { isAdapterOf, readAdapterFields } from './adapter.ts';
import { checkMaps, labelsOf, numLabelsOf, readData, selectOf, type ScriptData } from './data.ts';
import { ownMethods, ScriptReading } from './script-reading.ts';
import { readMetrics } from './metrics.ts';
import { readTokens } from './tokens.ts';
import { readTraining } from './training.ts';
import { findTraps } from './traps.ts';

/** The settings of a script that was read. */
export function buildRecipe(reader: Reader): Recipe {
  const script = new ScriptReading(reader);
  const [trainer, second] = script.calls.filter((call) => call.name.endsWith('Trainer'));
  if (second) script.notTaken('another', second.line, { what: 'Trainer', has: 'is' });
  script.trainer = trainer;
  script.args = argumentsOf(script);
  script.model = modelOf(script);
  const model = modelName(script);
  const data = readData(script);
  const adapter = readAdapterFields(trainer !== undefined && model !== null, script);
  const training = readTraining(script);
  for (const call of [trainer, script.args, script.model, script.adapter]) checkCondition(call, script);
  checkMaps(script);
  checkTrainer(script);
  const split = splitOff(data, script);
  const recipe: Omit<Recipe, 'read' | 'traps' | 'notUnderstood'> = {
    model,
    dataset: data.dataset,
    ...readTokens(data.train, script),
    ...labelsOf(data, script),
    numLabels: numLabelsOf(script),
    trainSplit: data.train?.split ?? null,
    // Parts of one split: Graft sets rows aside by itself.
    evalSplit: data.eval?.part ? null : (data.eval?.split ?? null),
    trainSelect: selectOf(data.train, 'train', script),
    evalSelect: data.eval?.part ? null : selectOf(data.eval, 'eval', script),
    split,
    metrics: readMetrics(script),
    adapter,
    modelOverrides: overridesOf(script),
    training,
  };
  findTraps({ recipe, data, script });
  const notUnderstood = [...reader.notUnderstood]
    .sort(([a], [b]) => a - b)
    .map(([line, why]) => ({ line, text: reader.source.lineText(line), why }));
  return {
    ...recipe,
    read: script.read.sort((a, b) => a.line - b.line),
    traps: script.traps.sort((a, b) => (a.line ?? 0) - (b.line ?? 0)),
    notUnderstood,
  };
}

/** What is made on a condition may not be what trains; loops that train are said by themselves. */
function checkCondition(call: Call | undefined, script: ScriptReading): void {
  if (!call || call.condition === null || /^(async )?(for|while)\b/.test(call.condition)) return;
  const condition = call.condition.replaceAll(/\s+/g, ' ').slice(0, 100);
  const name = call.name === 'from_pretrained' ? call.owner : call.name;
  script.notTaken('conditional', call.line, { name, condition });
}

const areArguments = (call: Call): boolean => /TrainingArguments$/.test(call.name);

function argumentsOf(script: ScriptReading): Call | undefined {
  const { calls, trainer } = script;
  const given = trainer && trainer.argument('args', 1);
  if (given?.value.kind === 'call' && areArguments(given.value.call)) return given.value.call;
  if (given) script.notTaken('arguments', given.line, {});
  return calls.find(areArguments);
}

const isClassifier = (call: Call): boolean =>
  call.name === 'from_pretrained' && !isAdapterOf(call) && /ForSequenceClassification$/.test(call.owner);

/** The classifier that Trainer is given, behind get_peft_model and model_init; else the first of the script. */
function modelOf(script: ScriptReading): Call | undefined {
  const { calls, trainer } = script;
  let at: Value | undefined = trainer && trainer.argument('model', 0)?.value;
  for (let hops = 0; at?.kind === 'call' && hops < 50; hops++) {
    if (isClassifier(at.call)) return at.call;
    at = at.call.source;
  }
  const [first, ...others] = calls.filter(isClassifier);
  const other = others.find((call) => textOf(call.args[0]?.value) !== textOf(first?.args[0]?.value));
  if (other) script.notTaken('models', other.line, {});
  return first;
}

function modelName(script: ScriptReading): string | null {
  const { calls, model: classifier } = script;
  // The tokenizer of an adapter stands in the adapter's folder, not in the model's.
  const names = calls.some(isAdapterOf) ? /^AutoModel/ : /^AutoModel|Tokenizer/;
  const loaded =
    classifier ?? calls.find((call) => call.name === 'from_pretrained' && names.test(call.owner));
  const given = loaded && loaded.argument('pretrained_model_name_or_path', 0);
  if (!given) return null;
  const name = textOf(given.value);
  if (name === undefined) {
    script.value('the model', given);
    return null;
  }
  script.found('model', given.line, name);
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
function overridesOf(script: ScriptReading): Record<string, unknown> {
  const { model: classifier } = script;
  const fields: Record<string, unknown> = {};
  if (!classifier) return fields;
  for (const [name, placed] of classifier.named) {
    const { line } = placed;
    if (loading.has(name)) continue;
    if (headNames.test(name)) {
      script.trap('own-head', line, { model: `the model (${name})` });
      continue;
    }
    const known = script.value(name, placed);
    if (!known) continue;
    const { data } = known;
    fields[name] = data;
    script.found(`modelOverrides.${name}`, line, data);
  }
  return fields;
}

/** `train_test_split(test_size=0.2, seed=42)` as the share of the training rows that is set aside. */
function splitOff({ train, eval: evaluated }: ScriptData, script: ScriptReading): Recipe['split'] {
  const call = train?.part?.split;
  if (!call) return null;
  const { line } = call;
  if (evaluated && evaluated.part?.split !== call) {
    script.notTaken('rows elsewhere', line, {});
    return null;
  }
  if (train.lost) return null;
  const isNumpy = call.callee.kind === 'member';
  const name = isNumpy ? 'seed' : 'random_state';
  const given = call.named.get('test_size') ?? (isNumpy ? call.args[0] : undefined);
  const [trained, seedGiven] = [call.named.get('train_size'), call.named.get(name)];
  const [size, share, seed] = [given, trained, seedGiven].map((given) => numberOf(given?.value));
  const test = size ?? (share === undefined ? 0.25 : 1 - share);
  const isUnknown = [given, trained, seedGiven].some(
    (given) => given && numberOf(given.value) === undefined && constantOf(given.value) !== null,
  );
  const isPart = test > 0 && test < 1 && (share ?? 0) < 1;
  if (isUnknown) script.notTaken('rows set aside at run time', line, {});
  else if (train.part!.name === 'test') script.notTaken('test part', line, {});
  else if (!isPart) script.notTaken('rows set aside', line, {});
  if (isUnknown || train.part!.name === 'test' || !isPart) return null;
  script.found('data.split.test_size', (given ?? trained)?.line ?? line, test);
  if (seed === undefined) script.trap('no-seed/split', line, { name });
  script.trap('other-rows', line, {});
  return { test_size: test, seed: seed ?? 42 };
}

/** Arguments of Trainer that are read elsewhere, or that change no result. */
const trainerArguments = new Set(
  `model args train_dataset eval_dataset processing_class tokenizer compute_metrics callbacks model_init optimizers
   preprocess_logits_for_metrics compute_loss_func data_collator`.split(/\s+/),
);

function checkTrainer(script: ScriptReading): void {
  const { trainer } = script;
  for (const { name, line } of ownMethods(trainer))
    if (!/^(__init__|compute_loss|create_(optimizer|scheduler|optimizer_and_scheduler))$/.test(name))
      script.notTaken('method', line, { type: trainer!.subclass!.name, name });
  for (const [name, { line }] of trainer?.named ?? []) {
    if (!trainerArguments.has(name)) script.notTaken('trainer', line, { name });
  }
  const collator = trainer?.named.get('data_collator');
  const made = collator?.value.kind === 'call' ? collator.value.call.name : '';
  const isUsual =
    !collator ||
    constantOf(collator.value) === null ||
    /^(DataCollatorWithPadding|DefaultDataCollator)$/.test(made) ||
    (collator.value.kind === 'symbol' && /\bdefault_data_collator$/.test(collator.value.path));
  if (!isUsual) script.notTaken('collator', collator.line, {});
}
