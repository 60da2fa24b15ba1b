import { rm } from 'node:fs/promises';
import { basename, extname } from 'node:path';
import { answering } from '../../../shared/contract.ts';
import type { DataSource, ImportReading } from '../../../shared/contract/datasets.ts';
import { fault } from '../../../shared/faults/index.ts';
import { mapText } from '../../../shared/label-column.ts';
import { runTask, type Threads } from '../../engine/threads/threads.ts';
import type { BackendContext } from '../context.ts';
import { told, type JobControl } from '../jobs/jobs.ts';
import { fetchHubDataset } from '../models/hub-datasets.ts';
import { checkMapping } from './import/read-rows.ts';
import type { SourceFiles } from './import/source-tables.ts';
import { keepVersion, latestVersion, withTemporary } from './keep-version.ts';
import { knownDataset } from './library.ts';
import { number } from './report/phrases.ts';
import { importSample, sampleFile } from './sample.ts';
import { datasetTasks, type tasks } from './tasks.ts';

/** Looking at files, and storing their rows. */
export function importHandlers(
  context: BackendContext,
  previews: Threads<typeof tasks>,
  signal: AbortSignal,
) {
  const looking = new Map<string, AbortController>();
  return answering({
    'datasets/preview': async ({ source, ticket }) => {
      const abort = new AbortController();
      const either = AbortSignal.any([signal, abort.signal]);
      if (ticket !== undefined) looking.set(ticket, abort);
      try {
        const files = await filesOf(context, oneSplit(source), quietly(either));
        return await previews.ask(
          'preview',
          { source: files, name: suggestedName(source) },
          { signal: either },
        );
      } finally {
        if (ticket !== undefined) looking.delete(ticket);
      }
    },
    'datasets/cancel-preview': ({ ticket }) => {
      looking.get(ticket)?.abort(fault('datasets/cancelled', { what: 'The preview' }));
    },
    'datasets/import': ({ source, name, mapping, emptyLabels, raggedRows, datasetId }) => {
      checkMapping(mapping);
      if (datasetId !== undefined) knownDataset(context, datasetId);
      const what = sourceName(source);
      const work = (control: JobControl): Promise<string> => {
        if (source.kind === 'sample' && datasetId === undefined) return importSample(context, control.signal);
        return withTemporary(context, async (file) => {
          const files = await filesOf(context, source, control);
          const input = { source: files, mapping, emptyLabels, raggedRows, file };
          const made = await runTask(datasetTasks, 'import', input, told(control));
          // A pause holds back what is done; a cancel throws it away.
          await control.unpaused();
          if (source.kind === 'hub') await removeFetched(files);
          return keepVersion(context, made, {
            dataset: datasetId === undefined ? { name, source: what } : { id: datasetId },
            change: `Imported from ${what}${readingText(made.facts.reading)}`,
            hub:
              source.kind === 'hub' && made.facts.reading === null
                ? { hubId: source.hubId, config: source.config }
                : null,
            parent: datasetId === undefined ? null : latestVersion(context, datasetId),
          });
        });
      };
      const canPause = source.kind === 'hub';
      return context.jobs.begin({ kind: 'import', title: `Importing ${what}`, canPause, work });
    },
  });
}

/** What was not taken as it stands: ", labels \"1\", \"2\" → \"negative\", 3 without a label left out". */
function readingText(reading: ImportReading | null): string {
  if (reading === null) return '';
  const { labelMap, textColumns, leftOut } = reading;
  const sum = (reason: string) =>
    leftOut.reduce((rows, part) => rows + (part.reason === reason ? part.rows : 0), 0);
  const [unlabelled, ragged] = [sum('no-label'), sum('ragged')];
  return [
    ...(textColumns.length > 0 ? [`${textColumns.join(' + ')} as one text`] : []),
    ...(Object.keys(labelMap).length > 0 ? [`labels ${mapText(labelMap)}`] : []),
    ...(unlabelled > 0 ? [`${number(unlabelled)} without a label left out`] : []),
    ...(ragged > 0 ? [`${number(ragged)} with another number of fields left out`] : []),
  ]
    .map((part) => `, ${part}`)
    .join('');
}

/** What was fetched for one import takes space that nobody needs afterwards. */
async function removeFetched({ files }: SourceFiles): Promise<void> {
  for (const { path } of files) await rm(path, { force: true });
}

/** Of a hub data set one split is enough to look at. */
function oneSplit(source: DataSource): DataSource {
  return source.kind === 'hub' ? { ...source, splits: source.splits.slice(-1) } : source;
}

/** For work that is no job. */
function quietly(signal: AbortSignal): JobControl {
  return { signal, progress: () => undefined, unpaused: () => Promise.resolve(), onPause: () => undefined };
}

/** How a source is called in lists: a file's name, a hub id with its config. */
function sourceName(source: DataSource): string {
  if (source.kind === 'sample') return 'sample';
  if (source.kind === 'hub') return `${source.hubId} (${source.config})`;
  const [first, ...others] = source.files;
  return basename(first!.path) + (others.length > 0 ? ` and ${others.length} more` : '');
}

/** A name for the data set: the file's without its ending, the hub id. */
function suggestedName(source: DataSource): string {
  if (source.kind === 'sample') return 'SMS Spam';
  if (source.kind === 'hub') return source.hubId;
  const name = basename(source.files[0]!.path);
  return basename(name, extname(name)).slice(0, 200) || name;
}

/** The files of a source; a hub data set's are fetched first. Throws `hub/…`. */
async function filesOf(
  context: BackendContext,
  source: DataSource,
  control: JobControl,
): Promise<SourceFiles> {
  if (source.kind === 'sample') return { files: [{ path: sampleFile(), split: null }], header: true };
  if (source.kind === 'files') return source;
  const { hubId, config, splits } = source;
  return fetchHubDataset(context, { hubId, config, splits }, control);
}
