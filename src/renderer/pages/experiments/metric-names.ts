import { decimal, percent } from '../../format.ts';

const names: Readonly<Record<string, string>> = {
  loss: 'loss',
  accuracy: 'accuracy',
  f1_macro: 'macro F1',
  f1_micro: 'micro F1',
  f1_weighted: 'weighted F1',
  precision_macro: 'macro precision',
  precision_micro: 'micro precision',
  precision_weighted: 'weighted precision',
  recall_macro: 'macro recall',
  recall_micro: 'micro recall',
  recall_weighted: 'weighted recall',
  mcc: 'MCC',
  roc_auc: 'ROC AUC',
  log_loss: 'log loss',
};

/** "macro F1" for `f1_macro`; unknown ones by their own name. */
export const metricName = (name: string): string => names[name] ?? name.replaceAll('_', ' ');

/** Whether a metric is a share that reads as per cent. */
export const isShare = (name: string): boolean => /^(accuracy|f1|precision|recall)/.test(name);

/** A metric as it is read: "98.4 %" for shares, else a number. */
export const metricText = (name: string, value: number): string =>
  isShare(name) ? percent(value) : decimal(value);
