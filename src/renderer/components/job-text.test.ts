import { beforeAll, describe, expect, it } from 'vitest';
import type { Job } from '../../shared/contract/jobs.ts';
import { setLocale } from '../format.ts';
import { jobText } from './job-text.ts';

const job: Job = {
  id: 'j',
  kind: 'import',
  title: 'Importing reviews.csv',
  state: 'running',
  phase: 'Reading',
  done: 125_000,
  total: 650_000,
  unit: 'rows',
  startedAt: 0,
  rate: 21_000,
  fault: null,
  result: null,
  canPause: false,
};

/** With the spaces that do not break as spaces. */
const plain = (text: string) => text.replaceAll('\u00a0', ' ');

describe('the facts of a job', () => {
  beforeAll(() => setLocale('en-US'));

  it('say how far, how fast and how long still', () => {
    expect(plain(jobText(job))).toBe('Reading · 125,000 of 650,000 rows · 21,000 rows/s · about 25 s left');
  });
  it('leave out what is not known', () => {
    expect(jobText({ ...job, total: 0, rate: null })).toBe('Reading · 125,000 rows');
    expect(jobText({ ...job, phase: '', done: 0, total: 0, rate: null })).toBe('');
  });
  it('write bytes as sizes, and say that it is paused', () => {
    const paused: Job = { ...job, state: 'paused', unit: 'bytes', done: 5e6, total: 1e7, rate: null };
    expect(plain(jobText(paused))).toBe('Paused · 5.0 MB of 10.0 MB');
  });
});
