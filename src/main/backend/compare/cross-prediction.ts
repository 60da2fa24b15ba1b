import { frozenMethod } from '../../../shared/methods/index.ts';
import { z } from 'zod';
import { answering } from '../../../shared/contract.ts';
import { crossPredictionSchema } from '../../../shared/contract/compare.ts';
import { specSchema } from '../../../shared/contract/experiments.ts';
import { keepReport, readReport } from '../../storage/datasets.ts';
import type { BackendContext } from '../context.ts';
import { versionRecord } from '../datasets/library.ts';
import { withFreeDevice } from '../preflight/engine-input.ts';
import { requireModel } from '../models/presence.ts';
import { readTexts } from './tasks/texts.ts';

const KEY = 'label-errors';
const foundSchema = z.object({
  places: z.array(z.number()),
  accuracy: z.number(),
  errors: z.array(z.object({ at: z.number(), suggested: z.string(), probability: z.number() })),
});
const keptSchema = z.object({
  found: crossPredictionSchema,
  errors: z.array(z.object({ row: z.number(), suggested: z.string(), probability: z.number() })),
});

/** Likely label errors among rows that a model learns from, which its own answers cannot judge. */
export function crossPredictionHandlers(context: BackendContext) {
  const { db, jobs } = context;

  return answering({
    'compare/cross-predict': ({ versionId, split, modelId }) => {
      const version = versionRecord(context, versionId);
      const model = requireModel(context, modelId);
      const spec = specSchema.parse({
        name: '',
        modelId,
        versionId,
        data: { trainSplit: split },
        adapter: { peft_type: frozenMethod.type },
      });
      return jobs.begin({
        kind: 'report',
        title: `Looking for label errors in ${version.name}`,
        work: async (control) => {
          const { signal } = control;
          const abort = new AbortController();
          signal.addEventListener('abort', () => abort.abort(signal.reason), { once: true });
          control.progress({ phase: 'Answering each part by the others', done: 0, total: 0, unit: '' });
          await withFreeDevice(context, spec, abort, async (ask, rowsOf) => {
            const { places, accuracy, errors } = foundSchema.parse(await ask('cross-predict'));
            const rows = await rowsOf();
            const found = {
              split,
              modelName: model.name,
              looked: places.length,
              rows: rows.length,
              accuracy,
              errors: errors.length,
            };
            const kept = {
              found,
              errors: errors.map(({ at, ...rest }) => ({ row: rows[places[at]!]!, ...rest })),
            };
            keepReport(db, versionId, KEY, kept);
          });
          return versionId;
        },
      });
    },
    'compare/label-errors': async ({ versionId, offset, limit }) => {
      const { file } = versionRecord(context, versionId);
      const report = readReport(db, versionId, KEY, keptSchema);
      if (!report) return { found: null, items: [] };
      const { found, errors } = report;
      const page = errors.slice(offset, offset + limit);
      const rows = await readTexts(
        { kind: 'version', file },
        page.map(({ row }) => row),
      );
      return { found, items: page.map((error, i) => ({ ...error, row: rows[i]! })) };
    },
  });
}
