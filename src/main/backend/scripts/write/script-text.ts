import packageJson from '../../../../../package.json' with { type: 'json' };
import { methodOf } from '../../../../shared/methods/index.ts';
import type { Method, PeftClass } from '../../../../shared/methods/method.ts';
import { oneLine, pythonLiteral as literal } from '../../../../shared/quoting.ts';
import { defaultsOf } from '../../../../shared/settings/setting.ts';
import type { ScriptContents } from './contents.ts';
import { addEncoding, addRows } from './data-lines.ts';
import { argumentsOf, call, isSame, list, Script, settingsCall, type Argument } from './python.ts';
import { addTraining } from './training-lines.ts';

/** What a line of the script has room for. */
const MOST_OF_TITLE = 98;

function titleLine(title: string): string {
  const text = oneLine(title);
  return text.length <= MOST_OF_TITLE ? text : `${text.slice(0, MOST_OF_TITLE - 1)}…`;
}

/** A run as a script of transformers, peft and datasets that does the same in Python, and what a person should know. */
export function scriptText(contents: ScriptContents): { text: string; notes: string[] } {
  const { config, model, labels } = contents;
  const script = new Script();
  script.import('transformers', 'AutoTokenizer');
  script.import('transformers', 'set_seed');
  script.add(`MODEL = ${literal(model.name)}`, ...list('LABELS = ', labels.map(literal)));
  const { label_map: map } = config.data;
  if (Object.keys(map).length > 0) script.add(`LABEL_MAP = ${literal(map)}`);
  // The head is drawn before Trainer sets its own seed.
  script.add(`set_seed(${config.training.seed})`);
  script.gap();
  addRows(script, contents);
  const revision = model.revision === null ? '' : `, revision=${literal(model.revision)}`;
  script.add(`tokenizer = AutoTokenizer.from_pretrained(MODEL${revision})`);
  addEncoding(script, contents);
  addModel(script, contents);
  addTraining(script, contents);
  return { text: script.text(head(contents)), notes: notesOf(contents) };
}

function head({ title, config, measured }: ScriptContents): string[] {
  const packages = ['transformers', 'datasets', 'accelerate', 'scikit-learn'];
  if (methodOf(config.adapter.peft_type)?.peft) packages.splice(1, 0, 'peft');
  const found = ['accuracy', 'f1_macro'].flatMap((name) => {
    const value = measured?.[name];
    return value === undefined ? [] : [`${name} ${value.toFixed(4)}`];
  });
  return [
    // Python looks in the first two lines for the encoding of a script, and a title may name another one.
    `# Written by Graft ${packageJson.version}. Needs: pip install torch ${packages.join(' ')}`,
    '#',
    `# ${titleLine(title)}`,
    ...(found.length === 0 ? [] : [`# In Graft: ${found.join(', ')}. Here the random numbers are others.`]),
  ];
}

function notesOf({ rows, config, model, head: kind }: ScriptContents): string[] {
  const { training, data, init_adapter } = config;
  const notes: string[] = [];
  if (rows.kind === 'hub') notes.push(`The rows come from the hub: ${rows.hubId}.`);
  else {
    const files = [rows.train, rows.eval].flatMap((file) => (file ? [file.path] : []));
    notes.push(`It reads ${files.join(' and ')}: start it in the folder where they stand.`);
  }
  if (/[\\/]/.test(model.name) && /^([\\/.]|[A-Za-z]:)/.test(model.name))
    notes.push(`The model is read from the folder ${model.name}.`);
  if (data.split !== null)
    notes.push('datasets sets other rows aside than Graft did, with the same share of every class.');
  if (kind === 'redrawn') notes.push("The checkpoint's own head has other labels and is drawn anew.");
  if (training.precision === 'bf16') notes.push('bf16 rounds at other places in PyTorch than in Graft.');
  if (training.class_weights !== null && training.gradient_accumulation_steps > 1)
    notes.push(
      'With accumulated steps the class weights are averaged in each micro-batch, not over the step.',
    );
  if (init_adapter !== null) notes.push(`It goes on from the adapter in ${init_adapter}.`);
  return notes;
}

/** The classifier with its head, and what of it trains. */
function addModel(script: Script, contents: ScriptContents): void {
  const { config, model, head, headLayers } = contents;
  script.import('transformers', 'AutoModelForSequenceClassification');
  const args: Argument[] = [
    [null, 'MODEL'],
    ...(model.revision === null ? [] : argumentsOf({ revision: model.revision })),
    ['num_labels', 'len(LABELS)'],
  ];
  // The head's own names stay where it is trained further.
  if (head !== 'own') {
    args.push(['id2label', 'dict(enumerate(LABELS))']);
    args.push(['label2id', '{label: i for i, label in enumerate(LABELS)}']);
    if (head === 'resized') args.push(['ignore_mismatched_sizes', 'True']);
  }
  args.push(...argumentsOf(config.model_overrides));
  script.add(...call('model = AutoModelForSequenceClassification.from_pretrained', args));
  if (head === 'redrawn') {
    script.import('torch', 'nn');
    script.add(
      '# The checkpoint has a head of this size for other labels: it starts anew.',
      ...headLayers.flatMap(({ path, hasBias, deviation }) => [
        `nn.init.normal_(${submodule(path)}.weight, std=${deviation ?? 'model.config.initializer_range'})`,
        ...(hasBias ? [`nn.init.zeros_(${submodule(path)}.bias)`] : []),
      ]),
    );
  }
  const { adapter } = config;
  const method = methodOf(adapter.peft_type);
  if (method?.peft) addAdapter(script, contents, method, method.peft);
  else script.add(...(method?.script?.(contents.savedModules) ?? []));
  if (config.init_adapter !== null) addInitial(script, config.init_adapter, method?.peft != null);
  script.gap();
}

/** A module of the model by its path, which is never code. */
const submodule = (path: string): string =>
  /^[a-z_]\w*(?:\.[a-z_]\w*)*$/i.test(path) ? `model.${path}` : `model.get_submodule(${literal(path)})`;

function addAdapter(
  script: Script,
  { config: { adapter }, savedModules }: ScriptContents,
  { type, settings }: Method,
  peft: PeftClass,
): void {
  script.import('peft', peft.name);
  script.import('peft', 'get_peft_model');
  const task = adapter['task_type'] === undefined ? 'SEQ_CLS' : adapter['task_type'];
  const fields = Object.entries(defaultsOf(settings)).flatMap(([name, initial]): [string, unknown][] => {
    if (name === 'modules_to_save') return [];
    const value = adapter[name] ?? initial;
    return peft.said.includes(name) || !isSame(value, initial) ? [[name, value]] : [];
  });
  const args = argumentsOf({
    ...(task === null ? {} : { task_type: task }),
    ...Object.fromEntries(fields),
    ...(savedModules.length === 0 ? {} : { modules_to_save: savedModules }),
  });
  const variable = type.toLowerCase();
  script.add(...settingsCall(`${variable} = ${peft.name}`, args));
  script.add(`model = get_peft_model(model, ${variable})`, 'model.print_trainable_parameters()');
}

function addInitial(script: Script, folder: string, isPeft: boolean): void {
  const file = literal(`${folder.replace(/\/+$/, '')}/adapter_model.safetensors`);
  script.import('safetensors.torch', 'load_file');
  script.add('# It goes on from an adapter that was trained before.');
  if (isPeft) {
    script.import('peft', 'set_peft_model_state_dict');
    script.add(`set_peft_model_state_dict(model, load_file(${file}))`);
    return;
  }
  script.add(
    `weights = load_file(${file})`,
    'weights = {name.removeprefix("base_model.model."): value for name, value in weights.items()}',
    'model.load_state_dict(weights, strict=False)',
  );
}
