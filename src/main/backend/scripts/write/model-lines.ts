import { pythonLiteral as literal } from '../../../../shared/quoting.ts';
import { methodOf } from '../../../../shared/methods/index.ts';
import type { Method, PeftClass } from '../../../../shared/methods/method.ts';
import { defaultsOf } from '../../../../shared/settings/setting.ts';
import type { ScriptFacts } from './facts.ts';
import { argumentsOf, call, isSame, settingsCall, type Argument } from './python-text.ts';
import type { Script } from './script.ts';

/** The classifier with its head, and what of it trains. */
export function addModel(script: Script, facts: ScriptFacts): void {
  const { config, model, head, headLayers } = facts;
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
      ...headLayers.flatMap((layer) => [
        `nn.init.normal_(model.${layer}.weight, std=model.config.initializer_range)`,
        `nn.init.zeros_(model.${layer}.bias)`,
      ]),
    );
  }
  const { adapter } = config;
  const method = methodOf(adapter.peft_type);
  if (method?.peft) addAdapter(script, facts, method, method.peft);
  else script.add(...(method?.script?.(facts.savedModules) ?? []));
  if (config.init_adapter !== null) addInitial(script, config.init_adapter, method?.peft != null);
  script.gap();
}

function addAdapter(
  script: Script,
  { config: { adapter }, savedModules }: ScriptFacts,
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
