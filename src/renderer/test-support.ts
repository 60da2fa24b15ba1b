import type { DatasetVersion } from '../shared/contract/datasets.ts';
import type { Experiment, ExperimentDetail, Preflight } from '../shared/contract/experiments.ts';

export function experiment(change: Partial<Experiment> = {}): Experiment {
  return {
    id: 'e',
    name: 'spam, LoRA r=16',
    state: 'running',
    modelId: 'm',
    modelName: 'all-MiniLM-L6-v2',
    datasetId: 'd',
    versionId: 'v1',
    dataName: 'SMS Spam',
    task: 'single_label_classification',
    method: 'LORA',
    seed: 42,
    step: 10,
    totalSteps: 375,
    epoch: 0.1,
    timeLeft: 38,
    loss: 0.5,
    metrics: null,
    trainable: 148_996,
    allParameters: 22_862_000,
    tokensPerSecond: 3940,
    peakMemoryMb: 1900,
    trainSeconds: null,
    evalSeconds: null,
    wallSeconds: null,
    unanswered: null,
    settings: {
      rank: null,
      targets: null,
      learningRate: null,
      epochs: null,
      batchSize: null,
      maxLength: null,
    },
    device: 'CPU',
    precision: 'fp32',
    checkpointStep: null,
    queuePlace: null,
    fault: null,
    tags: [],
    starred: false,
    archived: false,
    createdAt: 0,
    startedAt: 0,
    finishedAt: null,
    ...change,
  };
}

export function detail(
  change: Partial<Experiment> = {},
  more: Partial<ExperimentDetail> = {},
): ExperimentDetail {
  return {
    experiment: experiment(change),
    notes: '',
    spec: null,
    config: {},
    changed: [],
    folder: '/runs/e',
    adapterId: null,
    baselines: null,
    moved: null,
    newlyInitialized: [],
    ...more,
  };
}

export function version(change: Partial<DatasetVersion> = {}): DatasetVersion {
  return {
    id: 'v1',
    datasetId: 'd',
    number: 1,
    sha256: '0'.repeat(64),
    present: true,
    rows: 10,
    bytes: 1,
    labels: [
      { name: 'ham', rows: 6 },
      { name: 'spam', rows: 4 },
    ],
    splits: [],
    columns: ['text', 'label'],
    change: 'imported',
    parentId: null,
    unsaved: 0,
    createdAt: 0,
    experiments: 0,
    reading: null,
    ...change,
  };
}

export const preflight = (change: Partial<Preflight> = {}): Preflight => ({
  trainable: 100,
  allParameters: 1000,
  trainRows: 8,
  evalRows: 2,
  steps: 3,
  adapterBytes: 10,
  diskBytes: 10,
  diskFreeBytes: 1000,
  findings: [],
  canStart: true,
  ...change,
});
