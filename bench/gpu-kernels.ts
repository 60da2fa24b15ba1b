/**
 * `node bench/gpu-kernels.ts [--library FOLDER]`: whether every node of the graphs of training and of evaluation has a
 * kernel in the CUDA build of TensorFlow, so that none is computed on the host unseen. Needs that build's libraries
 * (GRAFT_RUNTIME=cuda npm run setup), and no GPU. Ends with 1 where a node has none.
 */
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { tensorflowDir } from '../scripts/setup/tensorflow.mjs';
import type { Graph } from '../src/main/engine/graph/graph.ts';
import { openBaseModel } from '../src/main/engine/models/base-model.ts';
import { inferenceGraph } from '../src/main/engine/models/inference.ts';
import type { Attention } from '../src/main/engine/models/token-inputs.ts';
import { planAdapter } from '../src/main/engine/peft/adapter.ts';
import { singleLabel } from '../src/main/engine/tasks/single-label.ts';
import { buildStepGraph } from '../src/main/engine/training/step-graph.ts';
import { kernelReport, readRegistry } from './kernels.ts';

const adapters = [
  {
    peft_type: 'LORA',
    task_type: 'SEQ_CLS',
    r: 4,
    lora_alpha: 8,
    lora_dropout: 0.1,
    target_modules: 'all-linear',
    bias: 'all',
  },
  { peft_type: 'HEAD_ONLY' },
  { peft_type: 'FULL' },
];
const attentions: Attention[] = [
  { kind: 'grouped', groups: 4 },
  { kind: 'grouped', groups: 1 },
  { kind: 'sequence', texts: 4 },
];

const { values } = parseArgs({ options: { library: { type: 'string' } } });
const folder = values.library ?? path.join(tensorflowDir('cuda'), 'lib');
const registry = await readRegistry(folder);
const models = path.join(import.meta.dirname, '../fixtures/golden/seed1/models');
for (const { name } of readdirSync(models, { withFileTypes: true }).filter((one) => one.isDirectory())) {
  const report = kernelReport(registry, await graphsOf(path.join(models, name), false), 'GPU');
  const { kinds, missing, hostIntegers, hostFloats } = report;
  console.log(`${name}: ${kinds} kinds of node, ${kinds - missing.length} with a GPU kernel`);
  console.log(`  integers in the host's memory: ${hostIntegers.join('; ') || 'none'}`);
  if (hostFloats.length > 0) console.log(`  float values in the host's memory: ${hostFloats.join('; ')}`);
  if (missing.length > 0) console.log(`  without a kernel: ${missing.join('; ')}`);
  if (missing.length + hostFloats.length > 0) process.exitCode = 1;
}

/** Every form of the graphs of a model: methods, precisions, attentions, accumulation; `fused`: as on a CPU. */
async function graphsOf(folder: string, fused: boolean): Promise<Graph[]> {
  const base = await openBaseModel(folder, { head: 'sequence', labelNames: ['a', 'b', 'c'] });
  const graphs: Graph[] = [];
  for (const fields of adapters) {
    const plan = planAdapter(base, fields, 'adapter');
    const { method, trained } = plan;
    for (const attention of attentions)
      for (const compute of ['float32', 'bfloat16'] as const)
        for (const accumulate of [false, true]) {
          const trainable = new Set(trained.map(({ name }) => name));
          const optimizer = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, maxGradNorm: 1, weightDecay: 0.01 };
          const options = { task: singleLabel, base, method, trainable, compute, attention, optimizer };
          graphs.push(buildStepGraph({ ...options, accumulate, fused }).graph);
        }
    for (const precision of ['fp32', 'bf16'] as const)
      for (const head of ['sequence', 'none'] as const) {
        for (const adapted of [undefined, { ...method, read: (name: string) => base.read(name) }])
          graphs.push(inferenceGraph(base, adapted, { head, precision }, fused).graph);
      }
  }
  await base.close();
  return graphs;
}
