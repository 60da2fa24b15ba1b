import type { Adapter } from '../../../shared/contract/adapters.ts';

/** Where adapters come from, as the list says it. */
export const originNames: Readonly<Record<Adapter['origin'], string>> = {
  experiment: 'trained here',
  imported: 'imported',
  merged: 'combined',
};
