import type { Recipe } from '../../../../shared/contract/scripts.ts';
import {
  argument,
  calledName,
  constantOf,
  numberOf,
  ownerName,
  textOf,
  type Call,
  type Value,
} from '../python/values.ts';
import type { Reader } from '../python/reader.ts';
import { isAdapterOf, ownHead, readAdapterFields } from './adapter.ts';
import { checkMaps, labelsOf, numLabelsOf, readData, selectOf, splitOf, type ScriptData } from './data.ts';
import { Findings } from './findings.ts';
import { readMetrics } from './metrics.ts';
import { readTokens } from './tokens.ts';
import { readTraining } from './training.ts';
import { findTraps } from './traps.ts';

/** The settings of a script that was read. */
export function buildRecipe(reader: Reader): Recipe {
  const { calls } = reader;
  const findings = new Findings(reader);
  const trainers = calls.filter((call) => /Trainer$/.test(calledName(call)));
  const [trainer, second] = trainers;
  if (second) reader.note(second.line, 'A second Trainer; the recipe is the first one.');
  const argumentsCall = argumentsOf(trainer, calls);
  const modelCall = modelOf(trainer, calls);
  const model = modelName(modelCall, calls, findings);
  const data = readData(calls, trainer, findings);
  const adapter = readAdapterFields(reader, trainer !== undefined && model !== null, findings);
  const training = readTraining(
    { calls, trainer, args: argumentsCall, replaced: replacedMethods(trainer, findings) },
    findings,
  );
  checkMaps(calls, findings);
  checkTrainer(trainer, findings);
  const split = splitOff(data, findings);
  const recipe: Omit<Recipe, 'read' | 'traps' | 'notUnderstood'> = {
    model,
    dataset: data.dataset,
    ...readTokens(calls, data.train, findings),
    ...labelsOf(data, calls, findings),
    numLabels: numLabelsOf(modelCall, calls, findings),
    trainSplit: splitOf(data.train),
    // Parts of one split: Graft sets rows aside by itself.
    evalSplit: data.eval?.part ? null : splitOf(data.eval),
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
      findings.unlessNoted(line, `${type}.${name} changes how Trainer works; it is not taken over.`);
  }
  return replaced;
}

function argumentsOf(trainer: Call | undefined, calls: readonly Call[]): Call | undefined {
  const given = trainer && argument(trainer, 'args', 1)?.value;
  if (given?.kind === 'call') return given.call;
  return calls.find((call) => calledName(call) === 'TrainingArguments');
}

const isClassifier = (call: Call): boolean =>
  calledName(call) === 'from_pretrained' &&
  !isAdapterOf(call) &&
  /ForSequenceClassification$/.test(ownerName(call));

/** The classifier that Trainer is given, behind get_peft_model and model_init; else the first of the script. */
function modelOf(trainer: Call | undefined, calls: readonly Call[]): Call | undefined {
  let at: Value | undefined = trainer && argument(trainer, 'model', 0)?.value;
  for (let hops = 0; at?.kind === 'call' && hops < 50; hops++) {
    if (isClassifier(at.call)) return at.call;
    at = at.call.args[0]?.value ?? (at.call.callee.kind === 'member' ? at.call.callee.of : undefined);
  }
  return calls.find(isClassifier);
}

function modelName(classifier: Call | undefined, calls: readonly Call[], findings: Findings): string | null {
  // The tokenizer of an adapter stands in the adapter's folder, not in the model's.
  const names = calls.some(isAdapterOf) ? /^AutoModel/ : /^AutoModel|Tokenizer/;
  const loaded =
    classifier ?? calls.find((call) => calledName(call) === 'from_pretrained' && names.test(ownerName(call)));
  const given = loaded && argument(loaded, 'pretrained_model_name_or_path', 0);
  if (!given) return null;
  const name = textOf(given.value);
  if (name === undefined) {
    findings.value('the model', given);
    return null;
  }
  findings.found('model', given.line, name);
  const revision = textOf(loaded.named.get('revision')?.value);
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
      findings.trap('own-head', line, `The script puts a head of its own on the model (${name}).`, ownHead);
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

const otherRows = 'Graft sets the same share of every class aside, by a draw of its own.';

/** `train_test_split(test_size=0.2, seed=42)` as the share of the training rows that is set aside. */
function splitOff({ train, eval: evaluated }: ScriptData, findings: Findings): Recipe['split'] {
  const call = train?.part?.split;
  if (!call) return null;
  if (evaluated && evaluated.part?.split !== call) {
    const why =
      'A part of the rows trains and others than the rest are evaluated; Graft trains on the whole split.';
    findings.notUnderstood(call.line, why);
    return null;
  }
  if (train.lost) return null;
  const isNumpy = call.callee.kind === 'member';
  const given = call.named.get('test_size') ?? (isNumpy ? call.args[0] : undefined);
  const trained = call.named.get('train_size');
  const seedGiven = call.named.get(isNumpy ? 'seed' : 'random_state');
  const [size, share, seed] = [given, trained, seedGiven].map((one) => numberOf(one?.value));
  const test = size ?? (share === undefined ? 0.25 : 1 - share);
  const isUnknown = [given, trained, seedGiven].some(
    (one) => one && numberOf(one.value) === undefined && constantOf(one.value) !== null,
  );
  if (isUnknown || test >= 1 || test <= 0 || (share ?? 0) >= 1 || train.part!.name === 'test') {
    const why = isUnknown
      ? 'How many rows are set aside, or by which seed, is not known.'
      : train.part!.name === 'test'
        ? 'The part for testing trains.'
        : 'A number of rows is set aside; Graft sets a share aside.';
    findings.notUnderstood(call.line, why);
    return null;
  }
  findings.found('data.split.test_size', (given ?? trained)?.line ?? call.line, test);
  if (seed === undefined) {
    const [name, example] = isNumpy ? ['seed', 'seed=42'] : ['random_state', 'random_state=42'];
    findings.trap(
      'no-seed',
      call.line,
      `train_test_split() has no ${name}: every start of the script evaluates other rows.`,
      `Set one: train_test_split(test_size=0.2, ${example}). The recipe takes 42.`,
    );
  }
  findings.trap(
    'other-rows',
    call.line,
    `The rows set aside are others than train_test_split's. ${otherRows}`,
    'For the same rows, split the files and import both parts.',
  );
  return { test_size: test, seed: seed ?? 42 };
}

/** Arguments of Trainer that are read elsewhere, or that change no result. */
const trainerArguments = new Set(
  `model args train_dataset eval_dataset processing_class tokenizer compute_metrics callbacks model_init optimizers
   preprocess_logits_for_metrics compute_loss_func data_collator`.split(/\s+/),
);

function checkTrainer(trainer: Call | undefined, findings: Findings): void {
  for (const [name, { line }] of trainer?.named ?? []) {
    if (!trainerArguments.has(name)) findings.notUnderstood(line, `${name} of Trainer is not taken over.`);
  }
  const collator = trainer?.named.get('data_collator');
  const made = collator?.value.kind === 'call' ? calledName(collator.value.call) : '';
  const isUsual =
    !collator ||
    constantOf(collator.value) === null ||
    /^(DataCollatorWithPadding|DefaultDataCollator)$/.test(made) ||
    (collator.value.kind === 'symbol' && /\bdefault_data_collator$/.test(collator.value.path));
  if (!isUsual)
    findings.notUnderstood(collator.line, 'data_collator is not taken over; Graft pads the rows of a batch.');
}
