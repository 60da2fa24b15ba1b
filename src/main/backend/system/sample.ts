import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import type { Handlers } from '../../../shared/contract.ts';
import { specSchema, type ExperimentSpec } from '../../../shared/contract/experiments.ts';
import { saveDraft } from '../../storage/settings.ts';
import type { BackendContext } from '../context.ts';
import { importSample, sampleFile } from '../datasets/sample.ts';
import { addSampleModel } from '../models/sample.ts';

const recipeSchema = z.object({
  data: z.object({ max_length: z.number() }),
  adapter: z.record(z.string(), z.unknown()),
  training: z.record(z.string(), z.unknown()),
});

/** The sample project: its data, its model, and a draft of its experiment, as `npm run demo` runs it. */
export function sampleHandlers(context: BackendContext): Handlers<'system/open-sample'> {
  return {
    'system/open-sample': ({ window }) => {
      const { id } = context.jobs.start({
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
      });
      return { jobId: id };
    },
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
