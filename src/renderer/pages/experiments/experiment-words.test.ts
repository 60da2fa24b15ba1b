import { expect, it } from 'vitest';
import { unansweredClasses } from '../../../shared/tasks/single-label.ts';
import { CurveColumns } from '../../charts/curve-columns.ts';
import { neverAnswers, progressLine, tookParts } from '../../experiment-words.ts';
import { figuresOf, movedGroups, movedSentence, references } from './overview.ts';
import { evaluationSummary, trainingSummary } from './spec-summary.ts';
import { detail, experiment } from '../../test-support.ts';

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
  const times = { trainSeconds: 110, evalSeconds: 12, wallSeconds: 130 };
  const whole = progressLine(experiment({ state: 'finished', step: 375, ...times }));
  expect(plain(whole[1]!)).toBe('took 2 min 10 s');
  expect(plain(tookParts(times))).toBe('training 1 min 50 s, evaluation 12 s, start and saving 8 s');
  expect(tookParts({ ...times, evalSeconds: null, wallSeconds: null })).toBe('training alone');
});

it('shows the weights that are kept, not the last ones, where the best are', () => {
  const point = (step: number, accuracy: number) => ({
    step,
    epoch: step / 10,
    metrics: { accuracy, f1_macro: 0.4 },
  });
  const points = [point(10, 0.6), point(30, 0.5), point(20, 0.7)];
  const run = { state: 'finished' as const, metrics: { accuracy: 0.7, f1_macro: 0.4, loss: 1 } };
  const [accuracy, macro] = figuresOf(detail({ ...run, unanswered: ['2', '4'] }), new CurveColumns(), points);
  expect(plain(accuracy!.value)).toBe('70.0 %');
  expect(accuracy!.note).toBe('best kept, epoch 2');
  expect([plain(macro!.value), macro!.note]).toEqual(['40.0 %', 'never answers 2, 4']);
  const [running] = figuresOf(detail({ state: 'running', metrics: run.metrics }), new CurveColumns(), points);
  expect([plain(running!.value), running!.note]).toEqual(['50.0 %', 'epoch 3']);
});

it('names the classes that are never answered, the first of many', () => {
  expect(neverAnswers([])).toBe('');
  expect(neverAnswers(null)).toBe('');
  expect(neverAnswers(['a', 'b', 'c', 'd', 'e', 'f'])).toBe('never answers a, b, c, d and 2 more');
  const perClass = ['a', 'b', 'c'].map((label, at) => ({
    label,
    precision: 0,
    recall: 0,
    f1: 0,
    support: at,
  }));
  const confusion = [
    [0, 0, 0],
    [1, 0, 0],
    [2, 0, 0],
  ];
  expect(unansweredClasses({ perClass, confusion })).toEqual(['b', 'c']);
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
  expect(accuracy).toMatchObject({
    label: 'Eval accuracy',
    note: 'epoch 1 · 10 points above the majority class',
  });
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
