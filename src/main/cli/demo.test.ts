import { describe, expect, it } from 'vitest';
import { demoReport, shortcomings, type DemoResult } from './demo.ts';

const result: DemoResult = {
  trainRows: 1000,
  parameters: { trainable: 148_226, all: 22_862_212, trainable_percent: 0.6483 },
  steps: 375,
  trainLoss: 0.0712,
  tokensPerSecond: 4200,
  metrics: {
    accuracy: 0.984,
    f1_macro: 0.965,
    mcc: 0.931,
    per_class: [
      { label: 'ham', precision: 0.99, recall: 0.99, f1: 0.99, support: 866 },
      { label: 'spam', precision: 0.94, recall: 0.94, f1: 0.94, support: 134 },
    ],
    confusion_matrix: [
      [860, 6],
      [10, 124],
    ],
  },
  comparison: { rows: 200, largest_difference: 2.4e-6, same_answers: 200 },
  times: [{ what: 'training', seconds: 31.2 }],
  files: [{ path: '.demo/merged/model.safetensors', bytes: 90_868_376 }],
  checkpoint: 'minilm',
  adapter: '.demo/adapter',
  merged: '.demo/merged',
};

describe('the report of the demo', () => {
  it('sets the accuracy beside that of always guessing the commonest class', () => {
    const text = demoReport(result);
    expect(text).toContain('The demo is done.');
    expect(text).toContain('trainable params: 148,226 || all params: 22,862,212 || trainable%: 0.6483');
    expect(text).toMatch(/base \+ adapter +0\.9840\n/);
    expect(text).toMatch(/always "ham" +0\.8660\n/);
    expect(text).toMatch(/^ham +860 +6$/m);
    expect(text).toContain('largest difference of a logit: 2.4e-6; same answers: 200 of 200');
    expect(text).toMatch(/\.demo\/merged\/model\.safetensors +91 MB/);
  });

  it('looks failed when it fell short', () => {
    const short = {
      ...result,
      metrics: { ...result.metrics, accuracy: 0.95 },
      comparison: { ...result.comparison, largest_difference: 2e-4 },
    };
    expect(shortcomings(short)).toEqual([
      'Accuracy is 0.9500, expected 0.96 or more.',
      'The merged model differs by 2.0e-4, expected 0.0001 or less.',
    ]);
    expect(demoReport(short)).toMatch(/^THE DEMO FELL SHORT\n/);
    expect(shortcomings(result)).toEqual([]);
  });
});
