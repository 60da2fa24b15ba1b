import type { Recipe } from '../../../../shared/contract/scripts.ts';
import {
  argument,
  calledName,
  numberOf,
  ownerName,
  textOf,
  type Call,
  type Value,
} from '../python/values.ts';
import type { Reader } from '../python/reader.ts';
import { readAdapterFields } from './adapter.ts';
import { labelColumnOf, numLabelsOf, readData, selectOf, splitOf } from './data.ts';
import { Findings } from './findings.ts';
import { readTokens } from './tokens.ts';
import { readClassWeights, readEarlyStopping, readTraining } from './training.ts';
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
  const adapter = readAdapterFields(reader, findings);
  const training = readTraining(argumentsCall, findings);
  readEarlyStopping(calls, training, findings);
  readClassWeights(calls, training, findings);
  readSeed(calls, training, findings);
  const test = data.train?.part;
  const recipe: Omit<Recipe, 'read' | 'traps' | 'notUnderstood'> = {
    model,
    dataset: data.dataset,
    ...readTokens(calls, data.train, findings),
    labelColumn: labelColumnOf(data, calls, findings),
    numLabels: numLabelsOf(modelCall, calls, findings),
    trainSplit: splitOf(data.train),
    // Parts of one split: Graft sets rows aside by itself.
    evalSplit: test ? null : splitOf(data.eval),
    trainSelect: selectOf(data.train, 'train', findings),
    evalSelect: test ? null : selectOf(data.eval, 'eval', findings),
    split: test ? setAsideOf(test.split, findings) : null,
    metrics: metricsOf(calls, findings),
    adapter: adapter?.fields ?? null,
    modelOverrides: overridesOf(modelCall, findings),
    training,
  };
  findTraps({ recipe, calls, adapterCall: adapter?.call, argumentsCall, trainer, modelCall, data, findings });
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

function argumentsOf(trainer: Call | undefined, calls: readonly Call[]): Call | undefined {
  const given = trainer && argument(trainer, 'args', 1)?.value;
  if (given?.kind === 'call') return given.call;
  return calls.find((call) => calledName(call) === 'TrainingArguments');
}

const isClassifier = (call: Call): boolean =>
  calledName(call) === 'from_pretrained' && /ForSequenceClassification$/.test(ownerName(call));

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
  const loaded =
    classifier ??
    calls.find(
      (call) => calledName(call) === 'from_pretrained' && /^AutoModel|Tokenizer/.test(ownerName(call)),
    );
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

/** `from_pretrained(…, hidden_dropout_prob=0.0)`. */
function overridesOf(classifier: Call | undefined, findings: Findings): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  if (!classifier) return fields;
  for (const [name, { data, line }] of findings.settings(classifier, loading)) {
    fields[name] = data;
    findings.found(`modelOverrides.${name}`, line, data);
  }
  return fields;
}

/** `train_test_split(test_size=0.2, seed=42)` as the share of the training rows that is set aside. */
function setAsideOf(call: Call, findings: Findings): Recipe['split'] {
  const given = argument(call, 'test_size', 0);
  const size = numberOf(given?.value) ?? 0.25;
  if (size >= 1) {
    findings.notUnderstood(call.line, 'A number of rows is set aside; Graft sets a share aside.');
    return null;
  }
  const seed = numberOf(call.named.get('seed')?.value);
  findings.found('data.split.test_size', given?.line ?? call.line, size);
  if (seed === undefined) {
    findings.trap(
      'no-seed',
      call.line,
      'train_test_split() has no seed: every start of the script evaluates other rows.',
      'Set a seed: train_test_split(test_size=0.2, seed=42). The recipe takes 42.',
    );
  }
  return { test_size: size, seed: seed ?? 42 };
}

/** `set_seed(42)`, where TrainingArguments has none. */
function readSeed(calls: readonly Call[], training: Record<string, unknown>, findings: Findings): void {
  if (training['seed'] !== undefined) return;
  const call = calls.find((one) => /^(set_seed|enable_full_determinism)$/.test(calledName(one)));
  const seed = numberOf(call?.args[0]?.value ?? call?.named.get('seed')?.value);
  if (seed === undefined) return;
  training['seed'] = seed;
  findings.found('training.seed', call!.line, seed);
}

/** Functions of scikit-learn by the metric that they are. */
const scores: Readonly<Record<string, string>> = {
  accuracy_score: 'accuracy',
  f1_score: 'f1',
  precision_score: 'precision',
  recall_score: 'recall',
  matthews_corrcoef: 'mcc',
  roc_auc_score: 'roc_auc',
};

function metricsOf(calls: readonly Call[], findings: Findings): string[] {
  const metrics = new Set<string>();
  for (const call of calls) {
    const name = calledName(call);
    const path = call.callee.kind === 'symbol' ? call.callee.path : '';
    const loaded =
      path === 'evaluate.load' || name === 'load_metric' ? textOf(call.args[0]?.value) : undefined;
    const found = loaded === 'glue' ? [] : loaded !== undefined ? [loaded] : metricsOfScore(name);
    for (const metric of found) {
      if (!metrics.has(metric)) findings.found('metrics', call.line, metric);
      metrics.add(metric);
    }
  }
  return [...metrics];
}

function metricsOfScore(name: string): string[] {
  if (name === 'precision_recall_fscore_support') return ['precision', 'recall', 'f1'];
  return Object.hasOwn(scores, name) ? [scores[name]!] : [];
}
