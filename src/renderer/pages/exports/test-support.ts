import type { Export, ExportedTarget, Proof } from '../../../shared/contract/exports.ts';

export function proof(change: Partial<Proof> = {}): Proof {
  return {
    passed: true,
    reason: null,
    rows: 1064,
    sameAnswers: 1064,
    largestDifference: 1e-6,
    meanDifference: 1e-7,
    accuracy: null,
    latencyMs: { batch1: 7, batch32: 118 },
    ...change,
  };
}

export function target(change: Partial<ExportedTarget> = {}): ExportedTarget {
  return {
    target: 'hf',
    state: 'passed',
    folder: '/out/stars/hf',
    bytes: 90_900_000,
    reason: null,
    proof: proof(),
    snippets: [],
    verifiedAt: 1000,
    ...change,
  };
}

export function exported(change: Partial<Export> = {}): Export {
  return {
    id: 'x',
    name: 'stars',
    source: { kind: 'experiment', id: 'e' },
    modelName: 'all-MiniLM-L6-v2',
    folder: '/out/stars',
    targets: [target()],
    jobId: null,
    createdAt: 0,
    ...change,
  };
}
