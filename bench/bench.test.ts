import { describe, expect, it } from 'vitest';
import { Graph } from '../src/main/engine/graph/graph.ts';
import { shapeOf, unary } from '../src/main/engine/graph/ops/raw.ts';
import { asPublishedText } from './as-published.ts';
import { runChild, type ChildResult } from './child.ts';
import type { Measure } from './measures.ts';
import { kernelReport } from './kernels.ts';
import { runPairs } from './pairs.ts';
import { evalQuantities, jobQuantities, stepQuantities } from './quantities.ts';
import { stepTable, table } from './report.ts';

const program = (source: string) => ({ file: process.execPath, args: ['-e', source] });

const job = (wholeSeconds: number, line: Record<string, unknown>): ChildResult => ({ wholeSeconds, line });

describe('runChild', () => {
  it('takes the last line when a framework has printed before it', async () => {
    const { line } = await runChild(program(`console.log("{'loss': 1}"); console.log('{"seconds": 2}')`));
    expect(line).toEqual({ seconds: 2 });
  });

  it('takes one object over several lines', async () => {
    const { line } = await runChild(program(`console.log(JSON.stringify({ a: { b: 1 } }, null, 2))`));
    expect(line).toEqual({ a: { b: 1 } });
  });

  it('passes the environment on', async () => {
    const { line } = await runChild({
      ...program('console.log(JSON.stringify({ value: process.env.GIVEN }))'),
      env: { GIVEN: 'here' },
    });
    expect(line).toEqual({ value: 'here' });
  });

  it('gives the last words of a program that fails', async () => {
    const failing = program(`console.error('no such model'); process.exit(3)`);
    await expect(runChild(failing)).rejects.toThrow(/exit code 3:\nno such model/);
  });

  it('says so when a program prints no result', async () => {
    await expect(runChild(program(`console.log('[1, 2]')`))).rejects.toThrow(/printed no JSON object/);
  });
});

describe('kernelReport', () => {
  const g = new Graph();
  const x = g.placeholder('x', 'float32', [2]);
  g.signature('s', { x }, { y: unary(g, 'Erf', x), n: shapeOf(g, x) });
  const registered = (op: string, device: string, types: number[], host: string[] = []) => ({
    op,
    device,
    allowed: new Map([[op === 'Placeholder' ? 'dtype' : 'T', types]]),
    host: new Set(host),
  });
  const kernels = [
    registered('Placeholder', 'DEFAULT', [1, 3]),
    registered('Shape', 'GPU', [1], ['output']),
    registered('Erf', 'CPU', [1]),
    registered('Erf', 'GPU', [19]),
  ];
  const outputs = new Map(['Placeholder', 'Shape', 'Erf'].map((op) => [op, ['output']]));
  const registry = { kernels: Map.groupBy(kernels, ({ op }) => op), outputs };

  it('names the nodes that a device has no kernel for, and those that work in host memory', () => {
    expect(kernelReport(registry, [g], 'GPU')).toEqual({
      kinds: 3,
      missing: ['Erf(T=float32)'],
      hostIntegers: ['Shape(T=float32, out_type=int32)'],
      hostFloats: [],
    });
    expect(kernelReport(registry, [g], 'CPU').missing).toEqual(['Shape(T=float32, out_type=int32)']);
  });
});

describe('runPairs', () => {
  it('runs both sides in turn, with the number of the run', async () => {
    const order: string[] = [];
    const measure: Measure = {
      title: 'work',
      quantities: evalQuantities,
      graft: (run) => ({ file: `graft ${run}`, args: [] }),
      reference: (run) => ({ file: `reference ${run}`, args: [] }),
    };
    const start = (command: { file: string }) => {
      order.push(command.file);
      return Promise.resolve(job(1, { command: command.file }));
    };
    const { pairs } = await runPairs(measure, 2, () => undefined, start);
    expect(order).toEqual(['graft 0', 'reference 0', 'graft 1', 'reference 1']);
    expect(pairs[1]!.reference.line).toEqual({ command: 'reference 1' });
  });
});

describe('table', () => {
  it('gives the medians, and the ratios of the pairs, not of the medians', () => {
    const pair = (graft: number, reference: number, memory: number) => ({
      graft: job(0, { seconds: graft, peak_memory_mb: memory }),
      reference: job(0, { seconds: reference, peak_memory_mb: 1000 }),
    });
    const pairs = [pair(1, 3, 400), pair(2, 4, 500), pair(4, 4, 450)];
    expect(table({ title: 'Evaluation', quantities: evalQuantities, pairs })).toBe(
      [
        '### Evaluation (3 pairs of runs)',
        '',
        '| | Graft | PyTorch | pair by pair: min – median – max |',
        '| --- | ---: | ---: | --- |',
        '| evaluation, s | 2.00 | 4.00 | 1.00 – 2.00 – 3.00 times as fast |',
        '| peak memory, MB | 450 | 1000 | 0.40 – 0.45 – 0.50 of the memory |',
      ].join('\n'),
    );
  });

  it('reads the result of graft train and of the reference alike, and averages accuracies', () => {
    const graft = { train_runtime: 50, eval_runtime: 20, metrics: { accuracy: 0.5 }, peak_memory_mb: 2000 };
    const reference = { train_seconds: 100, eval_seconds: 30, accuracy: 0.6, peak_memory_mb: 4000 };
    const pairs = [
      { graft: job(75, graft), reference: job(150, reference) },
      { graft: job(75, { ...graft, metrics: { accuracy: 0.6 } }), reference: job(150, reference) },
    ];
    const text = table({ title: 'The job', quantities: jobQuantities, pairs });
    expect(text).toContain('| whole job, s | 75.00 | 150.00 | 2.00 – 2.00 – 2.00 times as fast |');
    expect(text).toContain('| training, s | 50.00 | 100.00 |');
    expect(text).toContain('| evaluation, s | 20.00 | 30.00 |');
    expect(text).toContain('| accuracy | 0.550 (mean) | 0.600 (mean) |  |');
  });

  it('takes the median step of a run', () => {
    const run = job(9, { seconds_per_step: [9, 1, 2], peak_memory_mb: 1 });
    expect(
      table({ title: 'Step', quantities: stepQuantities, pairs: [{ graft: run, reference: run }] }),
    ).toContain('| a step, s | 2.00 | 2.00 | 1.00');
  });

  it('leaves a ratio out where one side does not tell the figure', () => {
    const pairs = [{ graft: job(1, { seconds: 1 }), reference: job(1, { seconds: 2, peak_memory_mb: 7 }) }];
    expect(table({ title: 'Evaluation', quantities: evalQuantities, pairs })).toContain(
      '| peak memory, MB | not told | 7 |  |',
    );
  });
});

describe('stepTable', () => {
  it('compares each side in the precision that is faster for it', () => {
    const run = (seconds: number, memory: number) =>
      job(0, { seconds_per_step: [seconds], peak_memory_mb: memory });
    const measured = [[run(4, 800), run(5, 1000)] as const, [run(2, 600), run(6, 900)] as const].map(
      ([graft, reference]) => ({
        ...{ title: 'Step', quantities: stepQuantities },
        pairs: [{ graft, reference }],
      }),
    );
    const row = stepTable([{ type: 'bert', length: 512, precisions: ['fp32', 'bf16'], measured }]);
    expect(row).toContain(
      '| bert | 512 | 2.00 s, 600 MB, bf16 | 5.00 s, 1000 MB, fp32 | 2.50 times as fast, 0.60 of the memory |',
    );
  });
});

describe('asPublishedText', () => {
  it('scales training and evaluation by the rows, but not the start', () => {
    const published = job(20, { train_seconds: 8, eval_seconds: 2, peak_memory_mb: 4000 });
    const run = job(11, {});
    const measured = {
      title: 'The job, fp32',
      quantities: jobQuantities,
      pairs: [{ graft: run, reference: run }],
    };
    const text = asPublishedText(published, 100, 1000, measured);
    expect(text).toContain('training 80 s, evaluation 20 s, whole job 110 s, 4000 MB');
    expect(text).toContain('fp32: 10.0 times as fast');
  });
});
