import type { Recipe } from '../../../../shared/contract/scripts.ts';
import { calledName, constantOf, ownerName, type Call } from '../python/values.ts';
import type { ScriptData } from './data.ts';
import { overlap } from './data-source.ts';
import type { Findings } from './findings.ts';
import { isAdapterOf, ownHead } from './adapter.ts';

export interface TrapContext {
  recipe: Pick<Recipe, 'model' | 'adapter' | 'training' | 'evalSplit'>;
  calls: readonly Call[];
  adapterCall: Call | undefined;
  argumentsCall: Call | undefined;
  trainer: Call | undefined;
  modelCall: Call | undefined;
  data: ScriptData;
  findings: Findings;
}

/** transformers' default, meant for training every weight. */
const fullRate = 5e-5;

/** Names what usually goes wrong in such scripts. */
export function findTraps(context: TrapContext): void {
  checkSeed(context);
  checkHead(context);
  checkTargets(context);
  checkEvaluation(context);
  checkLearningRate(context);
  checkOldNames(context);
  checkTask(context);
}

function checkSeed({ calls, argumentsCall, data, findings }: TrapContext): void {
  for (const source of [data.train, data.eval]) {
    if (!source?.shuffled || source.shuffled.seed !== null) continue;
    findings.trap(
      'no-seed',
      source.shuffled.line,
      'shuffle() has no seed: every start of the script takes other rows.',
      'Set a seed: shuffle(seed=42). The recipe takes 42.',
    );
  }
  const set = calls.some((call) => /^(set_seed|enable_full_determinism|manual_seed)$/.test(calledName(call)));
  if (set || !argumentsCall || argumentsCall.named.has('seed')) return;
  findings.trap(
    'no-seed',
    argumentsCall.line,
    'No seed is set. The head is drawn before Trainer sets its own seed of 42, so two starts differ.',
    'Set seed in the recipe; Graft draws everything from it.',
  );
}

function checkHead({ recipe, adapterCall, findings }: TrapContext): void {
  const { adapter } = recipe;
  if (adapter?.['peft_type'] !== 'LORA' || adapterCall?.named.has('modules_to_save')) return;
  const line = adapterCall?.line ?? null;
  if (adapter['task_type'] === 'SEQ_CLS') {
    findings.trap(
      'no-modules-to-save',
      line,
      'LoraConfig has no modules_to_save: a pooler that the checkpoint lacks is neither trained nor saved.',
      'Nothing to do here: Graft trains and saves every layer that the checkpoint lacks.',
    );
  } else {
    findings.trap(
      'no-modules-to-save',
      line,
      'LoraConfig has neither task_type nor modules_to_save: the new head is neither trained nor saved.',
      'Set task_type to SEQ_CLS. Graft trains and saves the head and every layer that the checkpoint lacks.',
    );
  }
}

/** Linear layers by what the name of a checkpoint says about its architecture. The longest name first. */
const layersByName: readonly (readonly [string, readonly string[]])[] = [
  ['distilbert', ['q_lin', 'k_lin', 'v_lin', 'out_lin', 'lin1', 'lin2', 'pre_classifier', 'classifier']],
  ['modernbert', ['Wqkv', 'Wo', 'Wi', 'dense', 'classifier']],
  ['deberta', ['query_proj', 'key_proj', 'value_proj', 'dense', 'classifier']],
  ['mpnet', ['q', 'k', 'v', 'o', 'dense', 'out_proj']],
  ['albert', ['query', 'key', 'value', 'dense', 'ffn', 'ffn_output', 'classifier', 'pooler']],
  ['roberta', ['query', 'key', 'value', 'dense', 'out_proj']],
  ['electra', ['query', 'key', 'value', 'dense', 'out_proj']],
  ['bert', ['query', 'key', 'value', 'dense', 'classifier']],
  ['minilm', ['query', 'key', 'value', 'dense', 'classifier']],
];

function checkTargets({ recipe, adapterCall, findings }: TrapContext): void {
  const targets = recipe.adapter?.['target_modules'];
  if (recipe.model === null || !Array.isArray(targets)) return;
  const name = recipe.model.toLowerCase();
  const known = layersByName.find(([part]) => name.includes(part));
  if (!known) return;
  const [architecture, layers] = known;
  const ends = targets.map((target) => String(target).split('.').at(-1)!);
  if (ends.some((end) => layers.includes(end))) return;
  findings.trap(
    'targets-none',
    adapterCall?.named.get('target_modules')?.line ?? adapterCall?.line ?? null,
    `target_modules ${JSON.stringify(targets)} match nothing: by its name ${recipe.model} is a ${architecture} model.`,
    `Its layers are called ${layers.slice(0, 6).join(', ')}; "all-linear" takes them all.`,
  );
}

function checkEvaluation({ data, trainer, findings }: TrapContext): void {
  if (!data.train || !data.eval || !overlap(data.train, data.eval)) return;
  findings.trap(
    'eval-on-train',
    trainer?.named.get('eval_dataset')?.line ?? null,
    'Evaluation rows are training rows too: they were seen in training, and the metric looks better than it is.',
    'Evaluate on another split, or set rows aside with train_test_split.',
  );
}

function checkLearningRate({ recipe, argumentsCall, findings }: TrapContext): void {
  if (recipe.adapter?.['peft_type'] !== 'LORA' || !argumentsCall) return;
  const given = recipe.training['learning_rate'];
  // What the script sets and the recipe left out was said already.
  if (given === undefined && argumentsCall.named.has('learning_rate')) return;
  if (given !== undefined && (typeof given !== 'number' || given > fullRate)) return;
  const line = argumentsCall.named.get('learning_rate')?.line ?? argumentsCall.line;
  const what =
    given === undefined ? 'No learning rate is set; the default 5e-5' : `The learning rate ${given}`;
  findings.trap(
    'lr-full-for-lora',
    line,
    `${what} is one for training every weight: LoRA learns little with it.`,
    'LoRA usually wants 1e-4 to 1e-3.',
  );
}

function checkOldNames({ calls, trainer, findings }: TrapContext): void {
  const old = (line: number, name: string, today: string): void =>
    findings.trap('deprecated-name', line, `${name} is an older name.`, `Today it is ${today}.`);
  const tokenizer = trainer?.named.get('tokenizer');
  if (tokenizer) old(tokenizer.line, 'tokenizer of Trainer', 'processing_class');
  for (const call of calls) {
    const name = calledName(call);
    if (name === 'load_metric') old(call.line, 'load_metric', 'evaluate.load');
    if (name === 'prepare_model_for_int8_training') old(call.line, name, 'prepare_model_for_kbit_training');
    const token = call.named.get('use_auth_token');
    if (token) old(token.line, 'use_auth_token', 'token');
  }
}

function checkTask({ calls, modelCall, findings }: TrapContext): void {
  const loaded = calls.find(
    (call) =>
      /^(AutoModel(For\w+)?|TFAutoModel\w*|FlaxAutoModel\w*|\w+Model)$/.test(ownerName(call)) &&
      calledName(call) === 'from_pretrained' &&
      !isAdapterOf(call),
  );
  if (loaded && !modelCall && /Model$/.test(ownerName(loaded)))
    findings.trap(
      'own-head',
      loaded.line,
      `The script puts a head of its own on ${ownerName(loaded)}.`,
      ownHead,
    );
  else if (loaded && !modelCall) {
    findings.trap(
      'other-task',
      loaded.line,
      `${ownerName(loaded)} is a model for another task.`,
      'Graft trains text classification (AutoModelForSequenceClassification): one class a text.',
    );
  }
  const problem = modelCall?.named.get('problem_type');
  if (problem && constantOf(problem.value) !== 'single_label_classification') {
    findings.trap(
      'other-task',
      problem.line,
      `problem_type ${String(constantOf(problem.value) ?? '')} is another task.`,
      'Graft trains one class a text.',
    );
  }
  for (const call of calls) {
    const bits = call.named.get('load_in_8bit') ?? call.named.get('load_in_4bit');
    if (bits && constantOf(bits.value) !== false) {
      findings.trap(
        'quantised',
        bits.line,
        'The base model is quantised. An adapter trained on it is merged with other weights than it saw.',
        'Graft trains on the original weights, which encoders of this size allow.',
      );
    }
  }
}
