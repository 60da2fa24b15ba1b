import { methodOf } from '../../../shared/methods/index.ts';
import type { Dataset, DatasetVersion, Model } from '../../../shared/contract.ts';
import { short, count, counted, percent } from '../../format.ts';
import { textOfValue } from '../../forms/field-text.ts';
import { metricName } from '../../experiment-words.ts';
import type { Draft } from '../../forms/spec-choice.ts';

const joined = (parts: readonly (string | null)[]): string =>
  parts.filter((part) => part !== null && part !== '').join(' · ');

/** Rows of a split, cut down to the wanted number. */
function rows(version: DatasetVersion, split: string | null, wanted: number | null | undefined): number {
  const all = split === null ? version.rows : (version.splits.find(({ name }) => name === split)?.rows ?? 0);
  return Math.min(all, wanted ?? all);
}

/** "reviews v3 · 1,000 train · 1,000 eval · 4 classes", and what stands at its right. */
export function dataSummary(
  draft: Draft,
  dataset: Dataset | null,
  version: DatasetVersion | null,
): { text: string; note: string } {
  if (!dataset || !version) return { text: 'not chosen yet', note: '' };
  const { trainSplit = null, evalSplit = null, trainSelect, evalSelect, split } = draft.data ?? {};
  const taken = rows(version, trainSplit, trainSelect?.count);
  const setAside = split ? Math.round(taken * split.test_size) : 0;
  const evaluated = evalSplit === null ? setAside : rows(version, evalSplit, evalSelect?.count);
  const seed = trainSelect?.shuffle_seed;
  return {
    text: joined([
      `${dataset.name} v${version.number}`,
      `${count(taken - setAside)} train`,
      evaluated === 0 ? 'none to evaluate' : `${count(evaluated)} eval`,
      counted(version.labels.length, 'class', 'classes'),
    ]),
    note: seed != null ? `shuffle seed ${seed}` : split ? `${percent(split.test_size, 0)} set aside` : '',
  };
}

/** "all-MiniLM-L6-v2", and "BERT, 6 layers, 22.7 M". */
export function modelSummary(model: Model | null): { text: string; details: string; note: string } {
  if (!model) return { text: 'not chosen yet', details: '', note: '' };
  const layers = model.layers === null ? null : counted(model.layers, 'layer');
  const details = [model.architecture, layers, short(model.parameters)].filter((detail) => detail !== null);
  const note = !model.present ? 'missing' : model.supported ? 'on this machine' : 'not supported';
  return { text: model.name, details: details.join(', '), note };
}

/** "LoRA r=16, alpha 32 on query, value" */
export function methodSummary({ adapter }: Draft): string {
  if (!adapter) return 'not chosen yet';
  const { peft_type: type } = adapter;
  return methodOf(type)?.summary(adapter) ?? String(type);
}

/** "3 epochs · batch 8 · lr 1e-3 linear · AdamW · seed 42 · fp32" */
export function trainingSummary({ training = {} }: Draft): string {
  const value = (name: string, initial: unknown): string => textOfValue(training[name] ?? initial);
  const steps = training['max_steps'];
  const length =
    typeof steps === 'number' && steps > 0
      ? counted(steps, 'step')
      : `${value('num_train_epochs', 3)} ${training['num_train_epochs'] === 1 ? 'epoch' : 'epochs'}`;
  const accumulated = training['gradient_accumulation_steps'];
  const times = typeof accumulated === 'number' && accumulated > 1 ? ` × ${accumulated}` : '';
  return joined([
    length,
    `batch ${value('per_device_train_batch_size', 8)}${times}`,
    `lr ${value('learning_rate', 5e-5)} ${value('lr_scheduler_type', 'linear')}`,
    'AdamW',
    `seed ${value('seed', 42)}`,
    value('precision', 'fp32'),
  ]);
}

/** "each epoch · the best kept, by macro F1" */
export function evaluationSummary({ training = {} }: Draft): string {
  const when = training['eval_strategy'] ?? 'no';
  const every = textOfValue(training['eval_steps'] ?? training['logging_steps'] ?? 500);
  const metric = metricName(textOfValue(training['metric_for_best_model'] ?? 'loss'));
  return joined([
    when === 'epoch' ? 'each epoch' : when === 'steps' ? `every ${every} steps` : 'at the end only',
    training['load_best_model_at_end'] === true ? `the best kept, by ${metric}` : null,
    training['early_stopping_patience'] == null
      ? null
      : `ends after ${textOfValue(training['early_stopping_patience'])} without gain`,
  ]);
}
