import type { FindingCode } from '../../../shared/contract/datasets.ts';

/** What the rows of a finding are called in a filter. */
export const findingNames: Record<FindingCode, string> = {
  duplicates: 'repeated texts',
  'near-duplicates': 'nearly the same texts',
  'conflicting-labels': 'one text under several labels',
  'empty-texts': 'empty texts',
  'odd-rows': 'odd rows',
  leaks: 'texts in several splits',
  labels: 'odd labels',
  'rare-classes': 'rare classes',
  imbalance: 'imbalance',
  truncation: 'cut texts',
};
