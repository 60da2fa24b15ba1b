import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { takePidLock } from '../formats/pid-lock.ts';
import { faultOf, textOf } from '../formats/test-support.ts';
import type { JobEvent } from '../jobs.ts';
import { goldenAdapter } from '../peft/test-support.ts';
import {
  adapterOf,
  experiment,
  filesOf,
  lossesOf,
  project,
  run,
  stars,
  watched,
  type Given,
} from './test-support.ts';

const refusal = async (folder: string, given: Given): Promise<string> =>
  textOf(await faultOf(() => run(folder, given)), folder);

describe('an output folder that another run writes into', () => {
  it('is refused by name, for a resumed run and for one that may replace files too', async () => {
    const folder = await project();
    const { context, stop } = watched();
    const begun = Promise.withResolvers<JobEvent>();
    const onEvent = (event: JobEvent): void => {
      if (event.type === 'started') begun.resolve(event);
    };
    const first = run(folder, { context: { ...context, onEvent }, training: { num_train_epochs: 400 } });
    await begun.promise;
    for (const given of [{}, { resume: true }, { overwrite: true }]) {
      const refusal = textOf(await faultOf(() => run(folder, given)), folder);
      expect(refusal).toBe(
        `Another training (process ${process.pid}) writes into out. ` +
          'Wait until it has ended or stop it, or choose another output folder.',
      );
    }
    stop.abort();
    await first;
    expect((await readdir(path.join(folder, 'out'))).filter((name) => name.startsWith('.'))).toEqual([]);
    await run(folder, { overwrite: true });
  });

  it('is free again when the process of that run was killed', async () => {
    const folder = await project();
    const out = path.join(folder, 'out');
    await mkdir(out);
    const lock = path.join(out, '.graft-in-use');
    const script = `
      const { takePidLock } = await import(${JSON.stringify(new URL('../formats/pid-lock.ts', import.meta.url).href)});
      await takePidLock(${JSON.stringify(lock)});
      process.send('held');
      setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    await once(child, 'message');
    expect((await faultOf(() => run(folder))).message).toBe(
      `Another training (process ${child.pid}) writes into ${out}.`,
    );
    child.kill('SIGKILL');
    await once(child, 'exit');
    // Another process that has got its number since is not the one that left the lock.
    const left = await readFile(lock, 'utf8');
    await writeFile(lock, left.replace(String(child.pid), String(process.pid)));
    expect((await run(folder)).status).toBe('finished');
    expect(await readdir(out)).not.toContain('.graft-in-use');
  });

  it('is had by one of many that find such a lock at once', async () => {
    const folder = await project();
    const lock = path.join(folder, '.graft-in-use');
    await writeFile(lock, '999999999 1 x');
    const taken = await Promise.all(Array.from({ length: 20 }, () => takePidLock(lock)));
    expect(taken.filter(({ release }) => release)).toHaveLength(1);
    expect(new Set(taken.flatMap(({ pid }) => pid ?? []))).toEqual(new Set([process.pid]));
    await taken.find(({ release }) => release)?.release?.();
    expect((await readdir(folder)).filter((name) => name.startsWith('.'))).toEqual([]);
  });
});

describe('an output folder', () => {
  it('that holds something is refused, and left as it is', async () => {
    const folder = await project();
    await mkdir(path.join(folder, 'out'));
    await writeFile(path.join(folder, 'out/notes.txt'), 'mine');
    expect(await refusal(folder, {})).toBe(
      'out exists and is not empty. Choose another output folder, or pass --overwrite to replace what Graft wrote there.',
    );
    expect(await readdir(path.join(folder, 'out'))).toEqual(['notes.txt']);
  });

  it('loses to --overwrite what an earlier run wrote, and nothing else', async () => {
    const folder = await project();
    const saving = { save_strategy: 'epoch' };
    await run(folder, { training: saving });
    await writeFile(path.join(folder, 'out/notes.txt'), 'mine');
    const before = await adapterOf(folder);
    await run(folder, { training: { seed: 7 }, overwrite: true });
    expect((await readdir(path.join(folder, 'out'))).sort()).toContain('notes.txt');
    expect(await readdir(path.join(folder, 'out'))).not.toContain('checkpoints');
    expect((await adapterOf(folder)).equals(before)).toBe(false);
    expect((await lossesOf(folder)).length).toBe(18);
  });

  it('keeps an earlier run when the one that was to replace it cannot start', async () => {
    const folder = await project();
    await run(folder);
    const before = await filesOf(path.join(folder, 'out'));
    await faultOf(() => run(folder, { data: { text_column: 'nothing' }, overwrite: true }));
    expect(await filesOf(path.join(folder, 'out'))).toEqual(before);
  });
});

describe('a config that cannot be run is refused', () => {
  it('for an adapter that is frozen', async () => {
    const folder = await project();
    expect(await refusal(folder, { adapter: { ...experiment.adapter, inference_mode: true } })).toBe(
      'adapter has inference_mode true, which freezes the adapter: nothing would be trained. ' +
        'Remove inference_mode or set it to false; the saved adapter_config.json gets true by itself.',
    );
    expect(await readdir(folder)).not.toContain('out');
  });

  it('for a module to save that the model does not have', async () => {
    const text = await refusal(await project(), {
      adapter: { ...experiment.adapter, modules_to_save: ['poler'] },
    });
    expect(text).toContain(
      'modules_to_save names "poler", which the model does not have. Name modules that it has: ',
    );
    expect(text).toContain('pooler');
  });

  it('for labels outside the map, by the row', async () => {
    const text = await refusal(
      await project({ 'eval.csv': 'text,label\nfree entry,spam\nhello,eggs\n' }),
      {},
    );
    expect(text).toBe(
      'Row 2 (line 3) of eval.csv has the label "eggs", which the model does not have. It knows "ham", "spam". ' +
        'Correct the label, map it to one of these (--label-map), or train with data that contains it.',
    );
  });

  it('for a class that has no row to learn from', async () => {
    const lonely = 'text,label\none,ham\ntwo,ham\nthree,spam\n';
    const text = await refusal(await project({ 'train.csv': lonely }), {
      data: { train_select: { count: 2 } },
    });
    expect(text).toMatch(/train\.csv/);
    expect(text).toMatch(/ham|spam/);
  });

  it('for a column that is missing, by those that are there', async () => {
    const text = await refusal(await project(), { data: { label_column: 'lable' } });
    expect(text).toMatch(/^train\.csv has no column "lable"/);
    expect(text).toContain('label');
  });

  it('for a file that is missing', async () => {
    expect(await refusal(await project(), { data: { train: 'nothing.csv' } })).toMatch(
      /^nothing\.csv does not exist/,
    );
  });

  it('for class weights that do not fit the labels', async () => {
    expect(await refusal(await project(), { training: { class_weights: [1, 2, 3] } })).toBe(
      'training.class_weights has 3 weights for 2 labels. Give one weight a label, in this order: ham, spam.',
    );
  });

  it('for an adapter to go on from that has other ranks or modules', async () => {
    const folder = await project({ 'train.csv': stars(20), 'eval.csv': stars(5) });
    const config = { init_adapter: goldenAdapter('lora-qv') };
    const text = await refusal(folder, { config });
    expect(text).toMatch(
      /lora-qv does not train what this config trains: .*query\.lora_A\.weight \[4, 32\] is in one/,
    );
    const adapter = { ...experiment.adapter, r: 8, target_modules: ['query'] };
    expect(await refusal(folder, { config, adapter })).toMatch(
      /value\.lora_A\.weight \[8, 32\] is in one of them only/,
    );
  });

  it('for a checkpoint that is not there or comes from another config', async () => {
    const folder = await project();
    expect(await refusal(folder, { resume: true })).toBe(
      'out/checkpoints holds no checkpoint to go on from. Start the run without --resume.',
    );
    await run(folder, { training: { save_strategy: 'epoch' } });
    const before = await adapterOf(folder);
    const other = { save_strategy: 'epoch', learning_rate: 1e-3 };
    expect(await refusal(folder, { resume: true, training: other })).toMatch(
      /^out\/checkpoints\/checkpoint-18 comes from another/,
    );
    expect((await adapterOf(folder)).equals(before)).toBe(true);
  });
});
