import type { Recipe } from '../../../../shared/contract/scripts.ts';
import { methodOf } from '../../../../shared/methods/index.ts';
import { familyNamed } from '../../../engine/models/architectures.ts';
import { constantOf, plain } from '../python/values.ts';
import { isAdapterOf } from './adapter.ts';
import type { ScriptData } from './data.ts';
import { overlap } from './data-source.ts';
import type { ScriptReading } from './script-reading.ts';

interface TrapContext {
  recipe: Pick<Recipe, 'model' | 'adapter' | 'training'>;
  data: ScriptData;
  script: ScriptReading;
  /** What the model is by its name. */
  family: ReturnType<typeof familyNamed>;
}

/** transformers' default, meant for training every weight. */
const fullRate = 5e-5;

/** Names what usually goes wrong in such scripts. */
export function findTraps(given: Omit<TrapContext, 'family'>): void {
  const { recipe, data, script } = given;
  const context = { ...given, family: recipe.model === null ? undefined : familyNamed(recipe.model) };
  checkSeed(context);
  checkAccumulation(context);
  checkAdapter(context);
  checkModel(context);
  checkLeftTargets(context);
  checkPeft(context);
  checkPrecision(context);
  checkTargets(context);
  if (data.train && data.eval && overlap(data.train, data.eval))
    script.trap('eval-on-train', script.trainer?.named.get('eval_dataset')?.line ?? null, {});
  checkCalls(context);
  checkTask(context);
}

function checkSeed({ data, script }: TrapContext): void {
  const { calls, args } = script;
  for (const source of [data.train, data.eval])
    if (source?.shuffled?.seed === null) script.trap('no-seed/shuffle', source.shuffled.line, {});
  const isSet = calls.some((call) => /^(set_seed|enable_full_determinism|manual_seed)$/.test(call.name));
  if (!isSet && args && !args.named.has('seed')) script.trap('no-seed/head', args.line, {});
}

/** What an adapter trains and saves, and how fast it learns. */
function checkAdapter({ recipe, script }: TrapContext): void {
  const { adapter, args } = script;
  const method = methodOf(recipe.adapter?.['peft_type']);
  if (!method?.peft) return;
  const task = recipe.adapter!['task_type'] === 'SEQ_CLS' ? '' : '/task';
  if (!adapter?.named.has('modules_to_save'))
    script.trap(`no-modules-to-save${task}`, adapter?.line ?? null, { config: method.peft.name });
  const given = recipe.training['learning_rate'];
  const { line } = args?.named.get('learning_rate') ?? {};
  // What the script sets and the recipe left out was said already.
  const isSaid = given === undefined && line !== undefined;
  if (!args || isSaid || (given !== undefined && (typeof given !== 'number' || given > fullRate))) return;
  const what =
    given === undefined ? 'No learning rate is set; the default 5e-5' : `The learning rate ${given}`;
  const { name, rates } = method;
  script.trap('lr-full-for-lora', line ?? args.line, { what, method: name, usual: rates.usual });
}

/** transformers 5.17 adds up the losses of micro-batches, expecting heads to divide by all items; encoders' heads do not. */
function checkAccumulation({ recipe, script }: TrapContext): void {
  const steps = recipe.training['gradient_accumulation_steps'];
  const line = script.args?.named.get('gradient_accumulation_steps')?.line ?? null;
  if (typeof steps === 'number' && steps > 1) script.trap('accumulation', line, { steps });
}

/** What PEFT makes of targets that the script leaves to it. */
function checkLeftTargets({ recipe, script, family }: TrapContext): void {
  const { adapter } = script;
  const fields = recipe.adapter;
  const peft = methodOf(fields?.['peft_type'])?.peft;
  if (!fields || !peft || !adapter) return;
  const given = adapter.named.get('target_modules');
  if (!given && !fields['target_modules'] && family?.linear && peft.defaultTargets) {
    const [type] = family.modelTypes;
    if (type !== undefined && !peft.defaultTargets.includes(type))
      script.trap('no-default-targets', adapter.line, { model: recipe.model!, config: peft.name });
  }
  const isWord = String(fields['target_modules']).toLowerCase() === 'all-linear';
  const task = fields['task_type'];
  const line = given?.line ?? adapter.line;
  if (isWord && task === 'TOKEN_CLS') script.trap('all-linear-head', line, { task, head: 'classifier' });
  // PEFT leaves out layers of this whole name, and wraps all whose name ends so.
  const wrapped = family?.head.find((name) => /.classifier$/.test(name));
  if (isWord && task === 'SEQ_CLS' && wrapped !== undefined)
    script.trap('all-linear-head', line, { task, head: wrapped });
}

/** What PEFT makes of virtual tokens, and of an adapter on the head that it saves whole. */
function checkPeft({ recipe, script, family }: TrapContext): void {
  const { adapter } = script;
  if (!adapter) return;
  const config = adapter.name;
  const task = plain(adapter.argument('task_type', 0)?.value)?.data;
  const model = recipe.model ?? 'the model';
  const isPrompt = config === 'PromptTuningConfig' || config === 'PromptEncoderConfig';
  if (isPrompt && task === 'TOKEN_CLS') script.trap('prompt-labels', adapter.line, { config });
  if (isPrompt && task === 'SEQ_CLS') script.trap('prompt-first', adapter.line, { config, model });
  if (config === 'PrefixTuningConfig' && family?.linear && !family.pastKeys)
    script.trap('prefix-cache', adapter.line, { config, model });
  const targets = recipe.adapter?.['target_modules'];
  const heads = [...(family?.head ?? []), 'classifier', 'score'];
  const head = Array.isArray(targets) ? heads.find((name) => targets.includes(name)) : undefined;
  const line = adapter.named.get('target_modules')?.line ?? adapter.line;
  // For SEQ_CLS it leaves the head out by itself.
  if (head !== undefined && task === 'TOKEN_CLS') script.trap('adapted-head', line, { head, task });
}

/** Checkpoints of the hub whose files are in half precision, by what their names have in them. */
const halfPrecision = /deberta-v3|mdeberta/;

/** transformers 5 loads weights in the type that their file has. */
function checkPrecision({ recipe, script }: TrapContext): void {
  const { model } = script;
  const given = model?.named.get('dtype') ?? model?.named.get('torch_dtype');
  const isAuto = given === undefined || constantOf(given.value) === 'auto';
  if (model && isAuto && halfPrecision.test((recipe.model ?? '').toLowerCase()))
    script.trap('half-precision', given?.line ?? model.line, { model: recipe.model! });
}

/** A model that Graft does not train, by its name. */
function checkModel({ recipe, script, family }: TrapContext): void {
  if (!family?.other) return;
  const { title, reason, nearest } = family.other;
  script.trap('other-model', script.model?.line ?? null, { model: recipe.model!, title, reason, nearest });
}

/** Targets that a model of this name does not have. */
function checkTargets({ recipe, script, family }: TrapContext): void {
  const { adapter } = script;
  const targets = recipe.adapter?.['target_modules'];
  if (!family?.linear || !Array.isArray(targets)) return;
  const { linear } = family;
  if (targets.some((target) => linear.includes(String(target).split('.').at(-1)!))) return;
  const line = adapter?.named.get('target_modules')?.line ?? adapter?.line ?? null;
  const layers = linear.slice(0, 6).join(', ');
  script.trap('targets-none', line, { targets, model: recipe.model!, family: family.hubName, layers });
}

/** Functions with an older name. */
const renamed: Readonly<Record<string, string>> = {
  load_metric: 'evaluate.load',
  prepare_model_for_int8_training: 'prepare_model_for_kbit_training',
};

function checkCalls({ script }: TrapContext): void {
  const { calls, trainer } = script;
  const tokenizer = trainer?.named.get('tokenizer');
  if (tokenizer)
    script.trap('deprecated-name', tokenizer.line, {
      name: 'tokenizer of Trainer',
      today: 'processing_class',
    });
  for (const call of calls) {
    const name = call.name;
    if (Object.hasOwn(renamed, name))
      script.trap('deprecated-name', call.line, { name, today: renamed[name]! });
    const token = call.named.get('use_auth_token');
    if (token) script.trap('deprecated-name', token.line, { name: 'use_auth_token', today: 'token' });
    const bits = call.named.get('load_in_8bit') ?? call.named.get('load_in_4bit');
    if (bits && constantOf(bits.value) !== false) script.trap('quantised', bits.line, {});
  }
}

function checkTask({ script }: TrapContext): void {
  const { calls } = script;
  const loaded = calls.find(
    (call) =>
      /^(AutoModel(For\w+)?|TFAutoModel\w*|FlaxAutoModel\w*|\w+Model)$/.test(call.owner) &&
      call.name === 'from_pretrained' &&
      !isAdapterOf(call),
  );
  const model = loaded && loaded.owner;
  if (model !== undefined && !script.model)
    script.trap(model.endsWith('Model') ? 'own-head' : 'other-task', loaded!.line, { model });
  const problem = script.model?.named.get('problem_type');
  const type = constantOf(problem?.value);
  if (problem && type !== 'single_label_classification')
    script.trap('other-task/problem', problem.line, { type: String(type ?? '') });
}
