/**
 * Exports a model of BERT-base's shape (110 M parameters) with an adapter to every target, with proof: seconds, size,
 * and peak resident memory of the engine and of each process that it starts, beside the size of the model.
 *
 *     node bench/export.ts --model DIR [--data FILE] [--adapter DIR] [--targets hf,onnx]
 *
 * Without --adapter one with random weights is made: timing and memory do not depend on their values.
 */
import { fork } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { fromEngineSchema } from '../src/shared/engine-protocol.ts';
import { Pcg64 } from '../src/shared/random/pcg64.ts';
import { targetKeys } from '../src/main/engine/export/targets.ts';
import { openBaseModel } from '../src/main/engine/models/base-model.ts';
import { elements } from '../src/main/engine/models/parameters.ts';
import { planAdapter, writeAdapter } from '../src/main/engine/peft/adapter.ts';

const SAMPLE_MS = 50;

const optionsSchema = z.object({
  model: z.string(),
  adapter: z.string().optional(),
  data: z.string().optional(),
  'max-length': z.coerce.number().int().positive().default(128),
  targets: z
    .string()
    .transform((text) => z.array(z.enum(targetKeys)).parse(text.split(',')))
    .default([...targetKeys]),
});
const text = { type: 'string' } as const;
const { values } = parseArgs({
  options: { model: text, adapter: text, data: text, 'max-length': text, targets: text },
});
const options = optionsSchema.parse(values);

const targetEvent = z.object({
  type: z.literal('target'),
  target: z.string(),
  state: z.string(),
  bytes: z.number(),
  reason: z.string().nullable(),
  outcome: z.looseObject({ largest_difference: z.number() }).nullable(),
});

const place = await mkdtemp(path.join(os.tmpdir(), 'graft-bench-'));
try {
  const adapter = options.adapter ?? (await randomAdapter(options.model, place));
  const modelMb = (await stat(path.join(options.model, 'model.safetensors'))).size / 2 ** 20;
  console.log(`model ${modelMb.toFixed(0)} MB; load average ${os.loadavg()[0]!.toFixed(1)}`);
  await exportAll(adapter, modelMb);
} finally {
  await rm(place, { recursive: true, force: true });
}

async function exportAll(adapter: string, modelMb: number): Promise<void> {
  const engine = fork(new URL('../src/main/engine/main.ts', import.meta.url), [], {
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const peaks = new Map<number, { phase: string; mb: number }>();
  let phase = 'reference';
  const sampling = setInterval(() => void sample(engine.pid!, () => phase, peaks), SAMPLE_MS);
  const begun = performance.now();
  let since = begun;
  await new Promise<void>((resolve, reject) => {
    engine.once('error', reject);
    engine.once('exit', () => resolve());
    engine.on('message', (value) => {
      const message = fromEngineSchema.parse(value);
      if (message.type === 'fault') reject(new Error(message.fault.message));
      const event = message.type === 'event' ? targetEvent.safeParse(message.event).data : undefined;
      if (!event) return;
      const now = performance.now();
      const seconds = ((now - since) / 1000).toFixed(1);
      since = now;
      if (event.state === 'writing') {
        if (phase === 'reference') console.log(`reference: ${seconds} s`);
        phase = event.target;
        return;
      }
      const size = `${(event.bytes / 2 ** 20).toFixed(0)} MB`;
      console.log(
        `${event.target}: ${event.state} in ${seconds} s, ${size}. ${event.reason ?? ''}`,
        event.outcome,
      );
    });
    const input = {
      model: path.resolve(options.model),
      adapter: path.resolve(adapter),
      output: path.join(place, 'out'),
      targets: options.targets,
      precision: 'fp32',
      mostPointsLost: 1,
      pooling: 'mean',
      overwrite: false,
      verify: options.data === undefined ? null : path.resolve(options.data),
      maxLength: options['max-length'],
      names: { export: 'bench', model: path.basename(options.model), data: null },
      settings: null,
    };
    engine.send({ type: 'start', job: 'export', input });
  });
  clearInterval(sampling);
  console.log(`all: ${((performance.now() - begun) / 1000).toFixed(1)} s`);
  for (const [pid, peak] of peaks) {
    const who = pid === engine.pid ? 'engine' : `process for ${peak.phase}`;
    console.log(
      `${who}: ${peak.mb.toFixed(0)} MB at most, ${(peak.mb / modelMb).toFixed(2)} times the model`,
    );
  }
}

/** Peak resident memory of a process and its descendants, from /proc (Linux). */
async function sample(
  root: number,
  phase: () => string,
  peaks: Map<number, { phase: string; mb: number }>,
): Promise<void> {
  for (const pid of await descendants(root)) {
    const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
    const kilobytes = Number(/^VmHWM:\s*(\d+)/m.exec(status)?.[1] ?? 0);
    const known = peaks.get(pid);
    if (kilobytes / 1024 > (known?.mb ?? 0))
      peaks.set(pid, { phase: known?.phase ?? phase(), mb: kilobytes / 1024 });
  }
}

async function descendants(pid: number): Promise<number[]> {
  const threads = await readdir(`/proc/${pid}/task`).catch(() => []);
  const lists = threads.map((thread) =>
    readFile(`/proc/${pid}/task/${thread}/children`, 'utf8').catch(() => ''),
  );
  const children = (await Promise.all(lists)).join(' ').split(' ').filter(Boolean).map(Number);
  return [pid, ...(await Promise.all(children.map(descendants))).flat()];
}

async function randomAdapter(model: string, dir: string): Promise<string> {
  const labelNames = ['negative', 'positive'];
  const base = await openBaseModel(model, { head: 'sequence', labelNames });
  const fields = { peft_type: 'LORA', task_type: 'SEQ_CLS', r: 16, lora_alpha: 32 };
  const plan = planAdapter(base, { ...fields, target_modules: ['query', 'value'] }, 'adapter');
  const random = new Pcg64(42);
  const drawn = plan.trained.map(({ name, shape }): [string, Float32Array] => [
    name,
    new Float32Array(elements(shape)).map(() => 0.02 * random.standardNormal()),
  ]);
  await writeAdapter(dir, base, plan, new Map(drawn));
  await base.close();
  return dir;
}
