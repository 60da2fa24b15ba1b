import type { Adapter, AdapterDetail } from '../../../shared/contract/adapters.ts';

export function adapter(change: Partial<Adapter> = {}): Adapter {
  return {
    id: 'a',
    name: 'stars, LoRA r=16',
    origin: 'experiment',
    experimentId: 'e',
    modelId: 'm',
    modelName: 'all-MiniLM-L6-v2',
    peftType: 'LORA',
    rank: 16,
    labels: ['ham', 'spam'],
    bytes: 3_000_000,
    present: true,
    sha256: 'a'.repeat(64),
    folder: '/runs/a',
    exports: 0,
    createdAt: 0,
    ...change,
  };
}

export function adapterDetail(
  change: Partial<Adapter> = {},
  lineage: Partial<AdapterDetail['lineage']> = {},
): AdapterDetail {
  return {
    adapter: adapter(change),
    lineage: {
      data: { datasetId: 'd', versionId: 'v', name: 'reviews', number: 3, rows: 2000 },
      experiment: { id: 'e', name: 'stars', accuracy: 0.612, finishedAt: null },
      base: { modelId: 'm', name: 'all-MiniLM-L6-v2', sha256: null, matches: true, reason: null },
      parts: [],
      exports: [],
      ...lineage,
    },
    config: { peft_type: 'LORA' },
    problem: null,
  };
}
