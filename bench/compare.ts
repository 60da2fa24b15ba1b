/** Comparing 200 runs of 10,000 predictions each, through the backend: the table and a paired test, cold and warm. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { z } from 'zod';
import { methods, type InputOf, type MethodName, type OutputOf } from '../src/shared/contract.ts';
import { openBackend } from '../src/main/backend/backend.ts';
import { addRun, logitsFor } from '../src/main/backend/compare/test-support.ts';
import { openDatabase } from '../src/main/storage/database.ts';
import { openWorkspace } from '../src/main/storage/workspace.ts';
import { Pcg64 } from '../src/shared/random/pcg64.ts';
import { webHost } from '../src/main/web/web-host.ts';

const RUNS = 200;
const ROWS = 10_000;
const labels = ['1', '2', '3', '4', '5'];

const ms = (since: number): number => Math.round(performance.now() - since);

/** Runs that are right on 60 to 90 % of the rows, as models on five stars are. */
function fill(dir: string): void {
  const db = openDatabase(openWorkspace(dir).database);
  const random = new Pcg64(1);
  const expected = Array.from({ length: ROWS }, () => labels[random.integers(labels.length)]!);
  const hardness = Array.from({ length: ROWS }, () => random.random());
  for (let run = 0; run < RUNS; run++) {
    const skill = 0.6 + (0.3 * run) / RUNS;
    const answers = expected.map((label, i) => {
      const right = (hardness[i]! + random.random()) / 2 < skill;
      const answer = right ? label : labels[random.integers(labels.length)]!;
      return { row: i + 1, expected: label, logits: logitsFor(labels, answer, 0.3 + 0.6 * random.random()) };
    });
    const record = { folder: `runs/${run}` };
    addRun(db, { name: `run ${run + 1}`, labels, answers, training: { seed: run }, record });
  }
  db.close();
}

/** One process with the workspace freshly opened: each request twice. */
async function measure(dir: string): Promise<Record<string, number>> {
  const backend = await openBackend(dir, webHost());
  let id = 0;
  const call = async <Name extends MethodName>(name: Name, input: InputOf<Name>): Promise<OutputOf<Name>> => {
    const reply = await backend.app.answer({ id: ++id, method: name, input });
    if (!reply || 'fault' in reply) throw new Error(`${name}: ${reply?.fault.message ?? 'no reply'}`);
    return methods[name].output.parse(reply.output) as OutputOf<Name>;
  };
  const { experiments } = await call('experiments/list', {});
  const ids = experiments.map((one) => one.id);
  const found: Record<string, number> = {};
  const timed = async (name: string, work: () => Promise<unknown>): Promise<void> => {
    const [since, spent] = [performance.now(), process.cpuUsage()];
    await work();
    found[name] = ms(since);
    // Of all threads: what it costs, however busy the machine is.
    const { user, system } = process.cpuUsage(spent);
    found[`${name}, processor`] = Math.round((user + system) / 1000);
  };
  let longest = 0;
  let last = performance.now();
  const beat = setInterval(() => {
    longest = Math.max(longest, performance.now() - last);
    last = performance.now();
  }, 1);
  await timed('table, first', () => call('compare/read', { ids }));
  await timed('table, again', () => call('compare/read', { ids }));
  await timed('table, other baseline', () => call('compare/read', { ids, baselineId: ids[77]! }));
  await timed('paired test', () => call('compare/pair', { baselineId: ids[3]!, otherId: ids[50]! }));
  clearInterval(beat);
  found['longest turn of the event loop'] = Math.round(longest);
  await backend.close();
  return found;
}

const [mode, given] = process.argv.slice(2);
if (mode === 'fill' && given !== undefined) fill(given);
else if (mode === 'measure' && given !== undefined) {
  process.stdout.write(`${JSON.stringify(await measure(given))}\n`);
} else {
  const { runChild } = await import('./child.ts');
  const dir = mkdtempSync(path.join(os.tmpdir(), 'graft-compare-'));
  const child = (what: string) =>
    runChild({ file: process.execPath, args: [import.meta.filename, what, dir] });
  try {
    fill(dir);
    const lines = [];
    for (const state of ['nothing counted yet', 'counted, fresh process', 'counted, fresh process']) {
      const { line } = await child('measure');
      lines.push({ state, ...z.record(z.string(), z.number()).parse(line) });
    }
    process.stdout.write(`${RUNS} runs of ${ROWS} predictions, ms; ${os.cpus()[0]?.model ?? ''}\n`);
    for (const line of lines) process.stdout.write(`${JSON.stringify(line)}\n`);
  } finally {
    if (existsSync(dir)) rmSync(dir, { recursive: true, force: true });
  }
}
