import { existsSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import type { ExportSource } from '../../../shared/contract/exports.ts';
import type { Answerer } from '../../../shared/contract/playground.ts';
import { fault } from '../../../shared/faults/index.ts';
import type { AnswerSource } from '../../engine/serving/questions.ts';
import { AdapterStore, type ListedAdapter } from '../../storage/adapters.ts';
import { ExperimentStore } from '../../storage/experiments.ts';
import { ExportStore } from '../../storage/exports.ts';
import { trainedBase, trainedLength, trainedModel } from '../adapters/base.ts';
import type { BackendContext } from '../context.ts';
import { modelLibrary } from '../models/library.ts';

/** What a run's config says about how its texts are read. */
export const runDataSchema = z.object({
  data: z.object({
    max_length: z.number().int().positive().nullable().catch(null),
    text_pair_column: z.string().nullable().catch(null),
  }),
});

/**
 * What the engine loads for an answerer. The base must be the one that was trained on. Throws `store/unknown`,
 * `playground/…`, `models/missing`, `adapters/…`.
 */
export async function answerSource(context: BackendContext, answerer: Answerer): Promise<AnswerSource> {
  switch (answerer.kind) {
    case 'model': {
      const { folder, name, facts } = await modelLibrary(context).usable(answerer.id);
      if (facts.headLabels === null) throw fault('playground/no-head', { name, other: facts.otherHead });
      return { kind: 'model', model: folder, adapter: null, maxLength: null };
    }
    case 'experiment':
    case 'adapter': {
      const adapter = adapterOf(context, answerer);
      const { model, adapter: folder } = await trainedModel(context, adapter);
      return { kind: 'model', model, adapter: folder, maxLength: trainedLength(context.db, adapter) };
    }
    case 'export': {
      const { name, folder, source, targets } = new ExportStore(context.db).read(answerer.id);
      const target = targets.find((one) => one.target === answerer.target);
      if (!target) throw fault('store/unknown', { kind: 'export', id: `${answerer.id} ${answerer.target}` });
      const own = path.resolve(folder, target.folder);
      if (!existsSync(own)) throw fault('playground/gone', { name, folder: own });
      const isAdapter = answerer.target === 'peft';
      const base = isAdapter ? (await trainedBase(context, adapterOf(context, source))).model : null;
      return { kind: 'export', folder: own, base };
    }
  }
}

/** Throws `store/unknown`, `playground/not-ready`. */
function adapterOf({ db }: BackendContext, { kind, id }: ExportSource): ListedAdapter {
  const store = new AdapterStore(db);
  if (kind === 'adapter') return store.read(id);
  const { name, state } = new ExperimentStore(db).line(id);
  const adapter = store.ofExperiment(id);
  if (!adapter) throw fault('playground/not-ready', { name, state });
  return adapter;
}
