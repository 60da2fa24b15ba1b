import type { Job } from '../../shared/contract.ts';
import { bytes, count, duration, percent } from '../format.ts';

/** "Reading · 120,000 of 650,000 rows · 21,000 rows/s · about 25 s left" */
export function jobText(job: Job): string {
  const amount = (value: number) => (job.unit === 'bytes' ? bytes(value) : count(value));
  const unit = job.unit === 'bytes' ? '' : ` ${job.unit}`;
  const known = job.total > 0;
  const left = job.rate && known ? (job.total - job.done) / job.rate : null;
  return [
    job.state === 'paused' ? 'Paused' : job.phase,
    // Without a unit there is nothing to count but the share.
    ...(job.unit === '' && known
      ? [percent(job.done / job.total, 0)]
      : job.done > 0 || known
        ? [`${amount(job.done)}${known ? ` of ${amount(job.total)}` : ''}${unit}`]
        : []),
    ...(job.rate && job.unit ? [`${amount(job.rate)}${unit}/s`] : []),
    ...(left === null ? [] : [`about ${duration(left)} left`]),
  ]
    .filter((part) => part !== '')
    .join(' · ');
}
