import { describe, expect, it } from 'vitest';
import { chosenOf, moved, queryOf, withAdded, without } from './compare-address.ts';
import { comparison, run } from '../../evaluation/compare-test-support.ts';
import { entriesOf, sortedEntries, winnerOf } from './comparison-entries.ts';
import { comparisonBasis, comparisonCsv, comparisonMarkdown } from './comparison-text.ts';
import { labelledRuns, runLabels } from '../../evaluation/labelled-runs.ts';
import { parallelAxes, settingNames, settingText, tradeOffPoints } from './trade-offs.ts';

const seeds = {
  ids: ['b', 'c'],
  name: 'SMS Spam, LoRA r=32',
  metrics: { accuracy: { value: 0.95, low: 0.94, high: 0.96 } },
};
const six = comparison(
  [
    run('a', 0.9, { name: 'SMS Spam, LoRA r=16' }),
    run('b', 0.94, { name: 'SMS Spam, LoRA r=32', seed: 42 }),
    run('c', 0.96, { name: 'SMS Spam, LoRA r=32', seed: 43 }),
    run('d', null, { name: 'SMS Spam, head only' }, { reason: 'No predictions are kept.' }),
  ],
  { seedGroups: [seeds], bestId: 'c', differences: [{ path: 'adapter.r', values: [16, 32, 32, null] }] },
);

describe('the address of a comparison', () => {
  it('keeps the experiments in order and the baseline, and gives them back', () => {
    const chosen = { ids: ['a', 'b', 'c'], baselineId: 'b' };
    expect(chosenOf(queryOf(chosen))).toEqual(chosen);
    expect(queryOf({ ids: ['a', 'b'], baselineId: 'a' })).toEqual({ ids: 'a,b' });
  });
  it('one named twice counts once, a baseline from elsewhere not at all', () => {
    expect(chosenOf({ ids: 'a,,b,a', baseline: 'x' })).toEqual({ ids: ['a', 'b'], baselineId: 'a' });
    expect(chosenOf({})).toEqual({ ids: [], baselineId: null });
  });
  it('adds at the end, moves, and takes out; the first becomes the baseline where it was taken out', () => {
    const chosen = { ids: ['a', 'b'], baselineId: 'b' };
    expect(withAdded(chosen, ['c', 'a']).ids).toEqual(['a', 'b', 'c']);
    expect(moved(chosen, 'b', 0)).toEqual({ ids: ['b', 'a'], baselineId: 'b' });
    expect(without(chosen, 'b')).toEqual({ ids: ['a'], baselineId: 'a' });
    expect(without({ ids: ['a'], baselineId: 'a' }, 'a')).toEqual({ ids: [], baselineId: null });
  });
});

describe('names for narrow places', () => {
  const labels = (names: readonly string[], seedsOf: readonly number[] = []) => [
    ...runLabels(names.map((name, at) => ({ id: `${at}`, name, seed: seedsOf[at] ?? 42 }))).values(),
  ];
  it('leave out what all begin with, up to the end of a part', () => {
    expect(labels(['SMS Spam, LoRA r=16', 'SMS Spam, LoRA r=32'])).toEqual(['LoRA r=16', 'LoRA r=32']);
    expect(labels(['LoRA r=16', 'LoRA r=32'])).toEqual(['LoRA r=16', 'LoRA r=32']);
    expect(labels(['a, ', 'a, b'])).toEqual(['a, ', 'a, b']);
  });
  it('tell runs of one name apart by their seed, else by a number', () => {
    expect(labels(['x', 'x'], [1, 2])).toEqual(['x, seed 1', 'x, seed 2']);
    expect(labels(['x', 'x', 'y'])).toEqual(['x', 'x (2)', 'y']);
  });
});

describe('the runs of a comparison', () => {
  it('seeds of one configuration are one entry, each run keeps its colour', () => {
    const entries = entriesOf(six, labelledRuns(six.runs));
    expect(entries.map(({ label }) => label)).toEqual(['LoRA r=16', 'LoRA r=32', 'head only']);
    expect(entries.map(({ colour }) => colour)).toEqual([0, 1, 3]);
    expect(entries[1]!.runs.map(({ colour }) => colour)).toEqual([1, 2]);
  });
  it('are sorted with their seeds, what has no figure last', () => {
    const order = (descending: boolean) =>
      sortedEntries(entriesOf(six, labelledRuns(six.runs)), 'accuracy', 'accuracy', descending).flatMap(
        ({ runs }) => runs.map(({ id }) => id),
      );
    expect(order(true)).toEqual(['c', 'b', 'a', 'd']);
    expect(order(false)).toEqual(['a', 'b', 'c', 'd']);
  });
  it("the winner answered the baseline's rows", () => {
    const other = run('e', 0.99, {}, { rowsKey: 'other' });
    const mixed = comparison([run('a', 0.9), run('b', 0.92), other], { bestId: 'b' });
    expect(winnerOf(mixed, 'accuracy')?.experiment.id).toBe('b');
    expect(winnerOf(mixed, 'f1_macro')?.experiment.id).toBe('b');
    expect(winnerOf(comparison([run('a', null)]), 'f1_macro')).toBeNull();
  });
});

describe('what a verdict rests on', () => {
  it('are the rows only where they are the same', () => {
    const facts = (of: typeof six, majority: number | null = null) =>
      comparisonBasis(of, entriesOf(of, labelledRuns(of.runs)), majority)
        .join(' · ')
        .replaceAll('\u00a0', ' ');
    const same = comparison([run('a', 0.9), run('b', 0.8)]);
    expect(facts(same, 0.866)).toBe(
      '1,000 evaluated rows of SMS Spam, the same for all · the majority class gives 86.6 %',
    );
    const other = comparison([run('a', 0.9), run('b', 0.8, {}, { rowsKey: 'other' })]);
    expect(facts(other, 0.866)).toBe('');
    expect(facts(six)).not.toContain('the same for all');
  });
});

describe('the table as a file', () => {
  it('CSV has a row a run, quoted where it must be', () => {
    const lines = comparisonCsv(
      comparison([run('a', 0.9, { name: 'say "hi", then go' }), run('b', null)]),
    ).split('\r\n');
    expect(lines).toHaveLength(4);
    expect(lines[1]).toMatch(/^"say ""hi"", then go",a,finished,yes,/);
  });
  it('Markdown has verdict, warnings and no column without a value', () => {
    const text = comparisonMarkdown({ ...six, warnings: ['Other rows.'] });
    expect(text).toMatch(
      /^No other run was evaluated on the same rows as SMS Spam, LoRA r=16\.\n\n> Other rows\.\n\n\| experiment \|/,
    );
    expect(text).toContain('| adapter.r |');
    expect(text).not.toContain('adapter in bytes');
    const long = comparison([run('a', 1 / 3)]);
    expect(comparisonMarkdown(long)).toContain('| 0.33333 |');
    expect(comparisonCsv(long)).toContain(',0.333333333333,');
    const name = '=cmd|<b>[x](javascript:alert(1))';
    const hostile = comparison([run('a', 0.9, { name })], {
      verdict: { kind: 'untested', why: '<i>waits</i>.' },
    });
    expect(comparisonCsv(hostile)).toContain(`\r\n'${name},`);
    const shown = String.raw`| \=cmd\|&lt;b\>\[x\](javascript:alert(1)) |`;
    expect(comparisonMarkdown(hostile)).toContain(shown);
    expect(comparisonMarkdown(hostile)).toMatch(/^\\=cmd\|&lt;b\\>.* &lt;i\\>waits&lt;\/i\\>\.\n/);
    const piped = comparisonMarkdown(comparison([run('a', 0.9, { name: 'a|b\nc' })]));
    expect(piped).toContain(String.raw`| a\|b c |`);
  });
});

describe('settings and costs', () => {
  it('settings have their last name, the whole path where two end alike', () => {
    expect(settingNames(['adapter.r', 'training.seed', 'data.seed'])).toEqual([
      'r',
      'training.seed',
      'data.seed',
    ]);
    expect([settingText(null), settingText(1e-4), settingText(['query', 'value'])]).toEqual([
      '—',
      '1e-4',
      'query, value',
    ]);
  });
  it('a run without a result or a cost has no point', () => {
    const runs = labelledRuns([run('a', 0.9), run('b', null), run('c', 0.8, { trainable: null })]);
    expect(tradeOffPoints(runs, 'trainable', 'accuracy').map(({ key }) => key)).toEqual(['a']);
  });
  it('parallel coordinates end in the metric, with the values of the runs that have one', () => {
    const { axes, runs, left } = parallelAxes(six, labelledRuns(six.runs), 'accuracy');
    expect(axes.map(({ label }) => label)).toEqual(['r', 'accuracy']);
    expect(axes[0]!.values).toEqual([16, 32, 32]);
    expect(runs.map(({ key }) => key)).toEqual(['a', 'b', 'c']);
    expect(left).toBe(0);
  });
});
