import { shellWord } from '../../../shared/quoting.ts';
import type { ClassificationMetrics } from '../../engine/metrics/classification.ts';
import type { ParameterCounts } from '../../engine/jobs.ts';
import { count, duration, megabytes, scientific, table } from '../format.ts';
import { confusionText } from '../metrics-text.ts';
import type { Comparison } from '../../engine/export/compare-logits.ts';

export interface DemoFacts {
  trainRows: number;
  parameters: ParameterCounts;
  steps: number;
  trainLoss: number;
  tokensPerSecond: number;
  metrics: Pick<ClassificationMetrics, 'accuracy' | 'f1_macro' | 'mcc' | 'per_class' | 'confusion_matrix'>;
  comparison: Comparison;
  /** Seconds by what was done. */
  times: readonly { what: string; seconds: number }[];
  files: readonly { path: string; bytes: number }[];
  /** Folders as a person would type them. */
  checkpoint: string;
  adapter: string;
  merged: string;
}

/** What the demo must reach: PEFT gets 0.984 with these settings, and merging may only round. */
const leastAccuracy = 0.96;
const mostDifference = 1e-4;

/** What fell short, a sentence each; empty when all is well. */
export function shortcomings({ metrics, comparison }: Pick<DemoFacts, 'metrics' | 'comparison'>): string[] {
  const found: string[] = [];
  if (!(metrics.accuracy >= leastAccuracy)) {
    found.push(`Accuracy is ${metrics.accuracy.toFixed(4)}, expected ${leastAccuracy} or more.`);
  }
  if (!(comparison.largest_difference <= mostDifference)) {
    const difference = scientific(comparison.largest_difference);
    found.push(`The merged model differs by ${difference}, expected ${mostDifference} or less.`);
  }
  return found;
}

/** The demo's report, as plain text. */
export function demoReport(facts: DemoFacts): string {
  const { parameters, metrics, comparison } = facts;
  const evaluated = metrics.per_class.reduce((sum, one) => sum + one.support, 0);
  const majority = metrics.per_class.reduce((most, one) => (one.support > most.support ? one : most));
  const failed = shortcomings(facts);
  return `${[
    failed.length === 0 ? 'The demo is done.' : `THE DEMO FELL SHORT\n${failed.join('\n')}`,
    [
      'Spam or not: LoRA on all-MiniLM-L6-v2, SMS Spam Collection',
      `trainable params: ${count(parameters.trainable)} || all params: ${count(parameters.all)} || ` +
        `trainable%: ${parameters.trainable_percent.toFixed(4)}`,
      `${count(facts.trainRows)} messages, ${count(facts.steps)} steps, mean loss ${facts.trainLoss.toFixed(4)}, ` +
        `${count(facts.tokensPerSecond)} tokens/s`,
    ].join('\n'),
    [
      `On ${count(evaluated)} other messages`,
      table([
        ['', 'accuracy'],
        ['base + adapter', metrics.accuracy.toFixed(4)],
        [`always "${majority.label}"`, (majority.support / evaluated).toFixed(4)],
      ]),
      `F1 (macro) ${metrics.f1_macro.toFixed(4)}, MCC ${metrics.mcc.toFixed(4)}`,
      '',
      confusionText({ perClass: metrics.per_class, confusion: metrics.confusion_matrix }),
    ].join('\n'),
    [
      'Merged, written, read back from disk and compared with base + adapter',
      `largest difference of a logit: ${scientific(comparison.largest_difference)}; ` +
        `same answers: ${comparison.same_answers} of ${comparison.rows}`,
    ].join('\n'),
    [
      'Time',
      table([['', ''], ...facts.times.map((one) => [one.what, duration(one.seconds)])]).trimStart(),
    ].join('\n'),
    [
      'Files',
      table([['', ''], ...facts.files.map((one) => [one.path, megabytes(one.bytes)])]).trimStart(),
    ].join('\n'),
    [
      'What to try next',
      `  echo "Call now to claim your prize" | npx graft predict --model ${shellWord(facts.merged)} --input -`,
      `  npx graft inspect --model ${shellWord(facts.checkpoint)} --adapter ${shellWord(facts.adapter)}`,
      '  npx graft train --config .demo/demo.json --set adapter.r=4 --output .demo/r4',
    ].join('\n'),
  ].join('\n\n')}\n`;
}
