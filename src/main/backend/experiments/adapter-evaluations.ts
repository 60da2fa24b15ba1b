import { mkdtemp, rm } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { answering } from '../../../shared/contract.ts';
import { evaluationElsewhereSchema } from '../../../shared/contract/adapters.ts';
import { AdapterStore } from '../../storage/adapters.ts';
import { keepReport, readReportsOf } from '../../storage/datasets.ts';
import { taskOf } from '../../../shared/tasks/index.ts';
import type { BackendContext } from '../context.ts';
import { versionRecord, versionTitle } from '../datasets/library.ts';
import { watchedEngineJob } from '../jobs/engine-run.ts';
import { writeRows } from './tasks.ts';
import { trainedLength, trainedModel } from '../adapters/base.ts';

const outputSchema = z.object({ task: z.string(), metrics: z.unknown() });
const keyOf = (id: string, split = ''): string => `evaluation:${id}:${split}`;

/** An adapter on rows that it was not evaluated on by its experiment; kept with the version, the last one of each split. */
export function evaluationHandlers(context: BackendContext) {
  const { db, jobs, workspace } = context;
  const store = new AdapterStore(db);

  return answering({
    'adapters/evaluate': ({ id, versionId, split }) => {
      const adapter = store.read(id);
      const version = versionRecord(context, versionId);
      return jobs.begin({
        kind: 'report',
        title: `Evaluating ${adapter.name} on ${versionTitle(version)}`,
        work: async (control) => {
          const { model, adapter: folder } = await trainedModel(context, adapter);
          const rows = await mkdtemp(path.join(workspace.temporary, 'evaluate-'));
          try {
            const { pairs } = await writeRows({
              file: version.file,
              dataName: version.name,
              folder: rows,
              train: { split, select: null },
              eval: null,
            });
            const input = {
              model,
              adapter: folder,
              data: path.join(rows, 'train.jsonl'),
              pairs,
              maxLength: trainedLength(context.db, adapter),
            };
            const output = await watchedEngineJob(context, control, 'The evaluation', {
              job: 'evaluate',
              input,
            });
            const { task, metrics } = outputSchema.parse(output);
            const evaluation = taskOf(task).evaluation(metrics);
            const kept = { evaluation, split, dataName: versionTitle(version), at: Date.now() };
            keepReport(db, versionId, keyOf(id, split ?? ''), kept);
          } finally {
            await rm(rows, { recursive: true, force: true });
          }
          context.emit('adapters/changed', { id });
          return id;
        },
      });
    },
    'adapters/evaluations': ({ id }) => {
      store.read(id);
      const kept = readReportsOf(db, keyOf(id), evaluationElsewhereSchema.omit({ versionId: true }));
      const evaluations = kept.map(({ versionId, report }) => ({ ...report, versionId }));
      return { evaluations: evaluations.sort((a, b) => b.at - a.at) };
    },
  });
}
