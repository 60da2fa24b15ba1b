import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { env, pipeline } from '@huggingface/transformers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { argmax } from '../../../shared/statistics/probabilities.ts';
import { readModelConfig } from '../formats/model-config.ts';
import type { TargetReport } from './export-targets.ts';
import { exported, goldenModel } from './test-support.ts';

let folder: string;
let reports: TargetReport[];
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'graft-export-'));
  ({ reports } = await exported(['onnx', 'onnx-fp16', 'onnx-int8'], { output: folder }));
  env.allowRemoteModels = false;
  env.localModelPath = folder;
}, 120_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

it.each([
  ['onnx', 'fp32', 1e-4],
  ['onnx-fp16', 'fp16', 1e-2],
  ['onnx-int8', 'q8', 0.1],
] as const)(
  '%s is a folder that transformers.js answers from, with the same labels',
  async (target, dtype, room) => {
    const { verification } = reports.find((report) => report.target === target)!;
    const { id2label } = await readModelConfig(goldenModel);
    const classify = await pipeline('text-classification', target, { dtype });
    for (const { text, values } of verification!.fixed) {
      const answers = await classify(text, { top_k: id2label.length });
      const scores = new Map(answers.flat().map(({ label, score }) => [label, score]));
      const sum = values.reduce((all, logit) => all + Math.exp(logit), 0);
      for (const [i, label] of id2label.entries())
        expect(Math.abs(scores.get(label)! - Math.exp(values[i]!) / sum)).toBeLessThan(room);
      const best = id2label[argmax(values, id2label.length)[0]!];
      if (target === 'onnx') expect(answers.flat()[0]!.label).toBe(best);
    }
    await classify.dispose();
  },
);
