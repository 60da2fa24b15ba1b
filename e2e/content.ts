import { mkdir, mkdtemp, rm, writeFile, cp } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { methods, type InputOf, type MethodName, type OutputOf } from '../src/shared/contract.ts';
import { openBackend, type Backend } from '../src/main/backend/backend.ts';
import { webHost } from '../src/main/web/web-host.ts';

/** A checkpoint of a few thousand parameters: it trains in seconds and learns nothing. */
const tinyModel = fileURLToPath(new URL('../fixtures/golden/seed1/models/bert', import.meta.url));

/** A folder of the test's own, that goes when it ends. `atEnd`: of a test that runs beside others, its own. */
export async function temporaryFolder(atEnd = onTestFinished): Promise<string> {
  const dir = await mkdtemp(path.join(os.tmpdir(), 'graft-e2e-'));
  atEnd(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

/** The backend of a workspace, to put content into it before a window is opened on it. */
export class Content {
  private readonly backend: Backend;
  private id = 0;

  private constructor(backend: Backend) {
    this.backend = backend;
  }

  /** Opens the workspace, lets `work` fill it, and closes it. */
  static async fill<T>(workspace: string, work: (content: Content) => Promise<T>): Promise<T> {
    const backend = await openBackend(workspace, webHost());
    try {
      return await work(new Content(backend));
    } finally {
      await backend.close();
    }
  }

  async call<Name extends MethodName>(name: Name, input: InputOf<Name>): Promise<OutputOf<Name>> {
    const reply = await this.backend.app.answer({ id: ++this.id, method: name, input });
    if (!reply || 'fault' in reply) throw new Error(`${name}: ${reply?.fault.message ?? 'no reply'}`);
    return methods[name].output.parse(reply.output) as OutputOf<Name>;
  }

  /** What came of a job. */
  async finished(jobId: string): Promise<string> {
    const { result, fault } = await this.backend.context.jobs.finished(jobId);
    if (result === null) throw new Error(fault?.message ?? 'The job came to nothing.');
    return result;
  }

  /** Adds a copy of the tiny model under a name of its own. */
  async addModel(folder: string): Promise<string> {
    await cp(tinyModel, folder, { recursive: true });
    return (await this.call('models/add-folder', { folder })).model.id;
  }

  /** Imports rows of (text, label, split). Resolves to the version's id. */
  async importRows(
    dir: string,
    name: string,
    rows: readonly (readonly [string, string, string])[],
  ): Promise<string> {
    await mkdir(dir, { recursive: true });
    const file = path.join(dir, 'rows.jsonl');
    const lines = rows.map(([text, label, split]) => JSON.stringify({ text, label, split }));
    await writeFile(file, `${lines.join('\n')}\n`);
    const { jobId } = await this.call('datasets/import', {
      source: { kind: 'files', files: [{ path: file }] },
      name,
      mapping: { text: 'text', textPair: null, label: 'label', split: 'split', extra: [] },
    });
    return this.finished(jobId);
  }

  /** Exports an experiment and waits for its proofs. Resolves to the export's id. */
  async export(id: string, folder: string, targets: InputOf<'exports/start'>['targets']): Promise<string> {
    const source = { kind: 'experiment' as const, id };
    const { export: made } = await this.call('exports/start', {
      source,
      name: 'For others',
      targets,
      folder,
    });
    if (made.jobId !== null) await this.finished(made.jobId);
    return made.id;
  }

  /** Runs an experiment to its end. Resolves to its id. */
  async run(spec: InputOf<'experiments/create'>['spec']): Promise<string> {
    const { experiment } = await this.call('experiments/create', { spec });
    await new Promise<void>((resolve, reject) => {
      const off = this.backend.app.onEvent(({ event, data }) => {
        const { id, state } = data as { id?: string; state?: string };
        if (event !== 'experiments/changed' || id !== experiment.id) return;
        if (state !== 'finished' && state !== 'failed' && state !== 'interrupted') return;
        off();
        if (state === 'finished') resolve();
        else reject(new Error(`The experiment is ${state}: ${JSON.stringify(data)}`));
      });
    });
    return experiment.id;
  }
}

/** The settings of a short run of the tiny model. */
export const shortRun = {
  data: { trainSplit: 'train', evalSplit: 'test' },
  adapter: { peft_type: 'LORA', r: 4, lora_alpha: 8, lora_dropout: 0.1, target_modules: ['query', 'value'] },
  training: {
    per_device_train_batch_size: 4,
    num_train_epochs: 2,
    learning_rate: 5e-3,
    eval_strategy: 'epoch',
  },
};

/** Rows that say something, with both labels in both splits. */
export function plainRows(count: number): [string, string, string][] {
  const words = 'good food great service slow room loved it never again came back free prize call now'.split(
    ' ',
  );
  return Array.from({ length: count }, (_, i) => [
    `${i + 1} ${[0, 3, 7].map((step) => words[(i * 5 + step) % words.length]).join(' ')}`,
    i % 2 === 0 ? 'ham' : 'spam',
    i % 4 === 3 ? 'test' : 'train',
  ]);
}
