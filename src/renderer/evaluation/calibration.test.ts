import { describe, expect, it } from 'vitest';
import type { Calibration } from '../../shared/contract/compare.ts';
import { calibrationSentence, temperatureSentence } from './calibration-words.ts';

const calibration = (change: Partial<Calibration> = {}): Calibration => ({
  rows: 1000,
  ece: 0.032,
  temperature: 1.84,
  eceBefore: 0.034,
  eceAfter: 0.011,
  bins: [
    { from: 0.6, to: 2 / 3, rows: 200, confidence: 0.63, accuracy: 0.5 },
    { from: 14 / 15, to: 1, rows: 800, confidence: 0.98, accuracy: 0.97 },
  ],
  ...change,
});
const plain = (text: string) => text.replaceAll('\u00a0', ' ');

describe('calibration in words', () => {
  it('says how far probabilities are off, and to which side', () => {
    expect(plain(calibrationSentence(calibration()))).toBe(
      'Its probabilities are off by 3.2 points on average over 1,000 rows. It is surer than it is right: it says 91.0 % and is right in 87.6 %.',
    );
    const bins = [{ from: 0.8, to: 0.9, rows: 1000, confidence: 0.85, accuracy: 0.95 }];
    expect(calibrationSentence(calibration({ bins }))).toContain('less sure than it is right');
    const even = [{ from: 0.8, to: 0.9, rows: 1000, confidence: 0.85, accuracy: 0.851 }];
    expect(calibrationSentence(calibration({ bins: even }))).toContain('as sure as it is right');
  });
  it('says what the temperature gives on rows that it was not fitted on, also where that is nothing', () => {
    expect(plain(temperatureSentence(calibration()))).toContain(
      'bring that from 3.4 points to 1.1 points on the other half',
    );
    expect(temperatureSentence(calibration({ eceAfter: 0.034 }))).toContain('do not help');
  });
});
