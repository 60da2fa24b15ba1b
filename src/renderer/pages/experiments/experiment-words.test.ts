import { expect, it } from 'vitest';
import { CurveColumns } from './curve-columns.ts';
import { movedGroups, movedSentence, progressLine } from './experiment-words.ts';
import { figuresOf, references } from './overview.ts';
import { evaluationSummary, trainingSummary } from './spec-summary.ts';
import { detail, experiment } from './test-support.ts';

const plain = (text: string) => text.replaceAll('\u00a0', ' ');

it('groups what moved by module and names the layers', () => {
  const lora = [0, 1].flatMap((layer) =>
    ['query', 'value'].flatMap((name) =>
      ['A', 'B'].map(
        (side) => `base_model.model.bert.layer.${layer}.self.${name}.lora_${side}.default.weight`,
      ),
    ),
  );
  const head = ['base_model.model.classifier.modules_to_save.default.weight'];
  expect(movedGroups([...lora, ...head])).toEqual([
    { label: 'query, value · lora_A, lora_B · layers 0–1', count: 8 },
    { label: 'classifier · weight', count: 1 },
  ]);
});

it('says plainly when something else moved than should', () => {
  const moved = { moved: ['a'], unmoved: [], frozen: 5, unexpected: [] };
  expect(movedSentence(moved).good).toBe(true);
  expect(movedSentence({ ...moved, unexpected: ['b'] })).toMatchObject({ good: false });
  expect(movedSentence({ ...moved, unmoved: ['c'] })).toMatchObject({ good: false });
});

it('tells how far a run is, and what a finished one took', () => {
  const running = progressLine(experiment({ step: 237, totalSteps: 375, epoch: 1.9, timeLeft: 38 }));
  expect(running.map(plain)).toEqual(['step 237 of 375', 'epoch 1.9', 'about 38 s left']);
  const finished = progressLine(experiment({ state: 'finished', step: 375, trainSeconds: 110 }));
  expect(finished.map(plain).slice(0, 2)).toEqual(['375 steps', 'took 1 min 50 s']);
});

it('judges a run against the baselines, and leaves out what is not known yet', () => {
  const baselines = {
    majority: { label: 'ham', accuracy: 0.866, f1_macro: 0.46 },
    ownHead: null,
    ownHeadReason: null,
    linearProbe: { accuracy: 0.945, f1_macro: 0.87 },
  };
  const points = [{ step: 125, epoch: 1, metrics: { accuracy: 0.966 } }];
  const [accuracy] = figuresOf(detail({}, { baselines }), new CurveColumns(), points);
  expect(accuracy).toMatchObject({ label: 'Eval accuracy', note: 'epoch 1 · 10 over guessing' });
  expect(references(baselines, 'accuracy').map(({ label }) => label)).toEqual([
    'linear probe',
    'most frequent',
  ]);
  expect(references(baselines, 'loss')).toEqual([]);
  expect(figuresOf(detail(), new CurveColumns(), [])[0]?.note).toBe('not evaluated yet');
});

it('says the settings of a section in one line', () => {
  expect(plain(trainingSummary({ training: { learning_rate: 0.0001, max_steps: 20 } }))).toBe(
    '20 steps · batch 8 · lr 1e-4 linear · AdamW · seed 42 · fp32',
  );
  expect(evaluationSummary({ training: { eval_strategy: 'epoch', load_best_model_at_end: true } })).toBe(
    'each epoch · the best kept, by loss',
  );
});
