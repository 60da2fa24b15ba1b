import { pythonLiteral as literal } from '../../../../shared/quoting.ts';
import { trainingSettings, type TrainingSettings } from '../../../../shared/settings/training.ts';
import type { ScriptContents } from './contents.ts';
import { argumentsOf, call, isSame, list, settingsCall, type Argument, type Script } from './python.ts';

/** Settings that stand in the script also where they have their default. */
const important = new Set([
  'num_train_epochs',
  'per_device_train_batch_size',
  'learning_rate',
  'eval_strategy',
  'seed',
]);
/** What is no argument of TrainingArguments, or changes no result. */
const elsewhere = new Set([
  'optim',
  'attention',
  'class_weights',
  'early_stopping_patience',
  'early_stopping_threshold',
  'loraplus_lr_ratio',
  'loraplus_lr_embedding',
]);

/** The settings of a run as TrainingArguments takes them; what has the same default here and there is left out. */
function trainingFields(training: TrainingSettings): Record<string, unknown> {
  const fields: Record<string, unknown> = { output_dir: 'output' };
  for (const [name, setting] of Object.entries(trainingSettings)) {
    const value = training[name as keyof TrainingSettings];
    if (elsewhere.has(name) || (name === 'num_train_epochs' && training.max_steps > 0)) continue;
    if (name === 'max_steps' && training.max_steps <= 0) continue;
    if (!important.has(name) && name !== 'max_steps' && isSame(value, setting.default)) continue;
    if (name === 'precision') fields[training.precision] = true;
    else if (name === 'sampler') fields['train_sampling_strategy'] = value;
    else if (name === 'eval_steps' && training.eval_strategy !== 'steps') continue;
    else if (name === 'greater_is_better' && followsMetric(training)) continue;
    else if (name === 'lr_scheduler_kwargs') Object.assign(fields, scheduleDetails(training));
    else fields[name] = value;
  }
  return { ...fields, report_to: 'none' };
}

/** Whether `greater_is_better` is what follows from the metric's name, here and in Trainer. */
function followsMetric(training: TrainingSettings): boolean {
  const { metric_for_best_model: metric, load_best_model_at_end, early_stopping_patience } = training;
  const isUsed =
    load_best_model_at_end || training.save_strategy === 'best' || early_stopping_patience !== null;
  return isUsed && metric !== null && training.greater_is_better === !metric.endsWith('loss');
}

/** Nothing where the schedule has no details, or where they are the defaults. */
function scheduleDetails({
  lr_scheduler_type: type,
  lr_scheduler_kwargs: details,
}: TrainingSettings): object {
  const initial = trainingSettings.lr_scheduler_kwargs.fields;
  const names = { polynomial: ['power', 'lr_end'] as const, cosine: ['num_cycles'] as const };
  if (type !== 'polynomial' && type !== 'cosine') return {};
  const changed = names[type].filter((name) => details[name] !== initial[name].default);
  const fields = Object.fromEntries(changed.map((name) => [name, details[name]]));
  return changed.length === 0 ? {} : { lr_scheduler_kwargs: fields };
}

/** How each metric is worked out from `labels`, `answers` and `logits`; those of `Trainer` are not among them. */
const metrics: Readonly<Record<string, { source: string; from: string }>> = {
  accuracy: { from: 'accuracy_score', source: 'accuracy_score(labels, answers)' },
  f1_macro: { from: 'f1_score', source: 'f1_score(labels, answers, average="macro")' },
  f1_micro: { from: 'f1_score', source: 'f1_score(labels, answers, average="micro")' },
  f1_weighted: { from: 'f1_score', source: 'f1_score(labels, answers, average="weighted")' },
  precision_macro: {
    from: 'precision_score',
    source: 'precision_score(labels, answers, average="macro", zero_division=0)',
  },
  recall_macro: {
    from: 'recall_score',
    source: 'recall_score(labels, answers, average="macro", zero_division=0)',
  },
  mcc: { from: 'matthews_corrcoef', source: 'matthews_corrcoef(labels, answers)' },
  roc_auc: {
    from: 'roc_auc_score',
    source: 'roc_auc_score(np.eye(len(LABELS))[labels], softmax(logits, axis=-1), average="macro")',
  },
  log_loss: { from: 'log_loss', source: 'log_loss(labels, softmax(logits, axis=-1))' },
};

function addMetrics(script: Script, { config }: ScriptContents): void {
  const chosen = config.training.metric_for_best_model;
  const names = [
    ...new Set(['accuracy', 'f1_macro', ...(chosen === null || chosen === 'loss' ? [] : [chosen])]),
  ];
  script.import('numpy', 'np');
  for (const name of names) script.import('sklearn.metrics', metrics[name]!.from);
  if (names.some((name) => metrics[name]!.source.includes('softmax(')))
    script.import('scipy.special', 'softmax');
  script.block(
    'def compute_metrics(prediction):',
    '    logits, labels = prediction',
    '    answers = np.argmax(logits, axis=-1)',
    '    return {',
    ...names.map((name) => `        "${name}": ${metrics[name]!.source},`),
    '    }',
  );
}

function addWeightedLoss(script: Script, given: 'balanced' | number[]): void {
  script.import('torch', 'tensor');
  script.import('torch.nn.functional', 'cross_entropy');
  if (given === 'balanced') {
    script.import('numpy', 'np');
    script.import('sklearn.utils.class_weight', 'compute_class_weight');
    const args: Argument[] = [
      [null, '"balanced"'],
      ['classes', 'np.arange(len(LABELS))'],
      ['y', 'train["labels"]'],
    ];
    script.add(...call('weights = compute_class_weight', args));
  } else script.add(...list('weights = ', given.map(literal)));
  script.block(
    'def weighted_loss(outputs, labels, num_items_in_batch=None):',
    '    weight = tensor(weights, dtype=outputs.logits.dtype, device=labels.device)',
    '    smoothing = args.label_smoothing_factor',
    '    loss = cross_entropy(outputs.logits, labels, weight=weight, label_smoothing=smoothing)',
    '    return loss if num_items_in_batch is None else loss * len(labels) / num_items_in_batch',
  );
}

/** PEFT's optimizer takes nothing of TrainingArguments by itself. */
function addLoraPlus(script: Script, training: TrainingSettings): void {
  script.import('peft.optimizers', 'create_loraplus_optimizer');
  script.import('torch.optim', 'AdamW');
  const { loraplus_lr_ratio, loraplus_lr_embedding, weight_decay, learning_rate } = training;
  const fields = argumentsOf({
    lr: learning_rate,
    loraplus_lr_ratio,
    loraplus_lr_embedding,
    loraplus_weight_decay: weight_decay,
  });
  const { adam_beta1, adam_beta2, adam_epsilon } = training;
  script.add(
    ...settingsCall('optimizer = create_loraplus_optimizer', [
      ['model', 'model'],
      ['optimizer_cls', 'AdamW'],
      ...fields,
      ['betas', `(${literal(adam_beta1)}, ${literal(adam_beta2)})`],
      ['eps', literal(adam_epsilon)],
    ]),
  );
}

/** Everything from the settings to the saved files. */
export function addTraining(script: Script, contents: ScriptContents): void {
  const { config } = contents;
  const { training, data } = config;
  const evaluates = data.eval !== null || data.split !== null;
  script.import('transformers', 'Trainer');
  script.import('transformers', 'TrainingArguments');
  script.add(...settingsCall('args = TrainingArguments', argumentsOf(trainingFields(training))));
  if (training.class_weights !== null) addWeightedLoss(script, training.class_weights);
  if (evaluates) addMetrics(script, contents);
  const args: Argument[] = [
    ['model', 'model'],
    ['args', 'args'],
    ['train_dataset', 'train'],
    ...(evaluates ? ([['eval_dataset', 'test']] as const) : []),
    ['processing_class', 'tokenizer'],
    ...(evaluates ? ([['compute_metrics', 'compute_metrics']] as const) : []),
    ...(training.class_weights === null ? [] : ([['compute_loss_func', 'weighted_loss']] as const)),
  ];
  if (training.early_stopping_patience !== null) {
    script.import('transformers', 'EarlyStoppingCallback');
    const { early_stopping_patience, early_stopping_threshold } = training;
    const stop = argumentsOf({
      early_stopping_patience,
      ...(early_stopping_threshold === 0 ? {} : { early_stopping_threshold }),
    });
    script.add(...call('stop = EarlyStoppingCallback', stop));
    args.push(['callbacks', '[stop]']);
  }
  if (training.loraplus_lr_ratio !== null) {
    addLoraPlus(script, training);
    args.push(['optimizers', '(optimizer, None)']);
  }
  script.add(...call('trainer = Trainer', args), 'trainer.train()');
  if (evaluates) script.add('print(trainer.evaluate())');
  script.add('trainer.save_model("trained")');
}
