import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { faultOf } from '../formats/test-support.ts';
import { experiment, project, trainConfig, watched } from '../training/test-support.ts';
import { crossPredict, foldsOf } from './cross-predict.ts';

const say: Record<string, string> = {
  ham: 'see you at home for dinner tonight',
  spam: 'win a free prize call now',
};

describe('cross-prediction', () => {
  it('finds the training rows whose labels were swapped, each judged by a probe that did not see it', async () => {
    const swapped = [7, 20, 33, 48];
    const rows = Array.from({ length: 60 }, (_, i) => {
      const is = i % 2 === 0 ? 'ham' : 'spam';
      const label = swapped.includes(i) ? (is === 'ham' ? 'spam' : 'ham') : is;
      return `"${say[is]} ${i}",${label}`;
    });
    const folder = await project({});
    await writeFile(path.join(folder, 'train.csv'), `text,label\n${rows.join('\n')}\n`);
    const config = trainConfig({ ...experiment, data: { train: 'train.csv' } });
    const found = await crossPredict(config, folder, watched().context);
    expect(found.places).toHaveLength(60);
    expect(found.accuracy).toBeCloseTo(56 / 60, 1);
    // The encoder's weights are random, so a right label or two is doubted too.
    expect(found.errors.map(({ at }) => at)).toEqual(expect.arrayContaining(swapped));
    expect(found.errors.length).toBeLessThan(2 * swapped.length);
    expect(found.errors.find(({ at }) => at === 7)?.suggested).toBe('spam');
  });

  it('is refused where there is too little to judge by', async () => {
    const folder = await project({ 'train.csv': 'text,label\na,x\nb,y\n' });
    const config = trainConfig({ ...experiment, data: { train: 'train.csv' } });
    const fault = await faultOf(() => crossPredict(config, folder, watched().context));
    expect(fault).toMatchObject({ code: 'compare/cross-prediction' });
  });

  it('keeps equal texts in one fold and every class in all of them', () => {
    const texts = ['a', 'b', 'a', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j'];
    const labels = [0, 0, 1, 0, 0, 0, 1, 1, 1, 1, 1];
    const folds = foldsOf(texts, labels);
    expect(folds[2]).toBe(folds[0]);
    expect(new Set(folds.slice(0, 6)).size).toBe(5);
    expect(new Set(folds.slice(6)).size).toBe(5);
  });
});
