import { basename, extname } from 'node:path';
import type { DataSource } from '../../../shared/contract/datasets.ts';
import type { BackendContext } from '../context.ts';
import type { JobControl } from '../jobs/jobs.ts';
import { fetchHubDataset } from '../models/hub-datasets.ts';
import type { SourceFiles } from './import/source-tables.ts';
import { sampleFile } from './sample.ts';

/** How a source is called in lists: a file's name, a hub id with its config. */
export function sourceName(source: DataSource): string {
  if (source.kind === 'sample') return 'sample';
  if (source.kind === 'hub') return `${source.hubId} (${source.config})`;
  const [first, ...others] = source.files;
  return basename(first!.path) + (others.length > 0 ? ` and ${others.length} more` : '');
}

/** A name for the data set: the file's without its ending, the hub id. */
export function suggestedName(source: DataSource): string {
  if (source.kind === 'sample') return 'SMS Spam';
  if (source.kind === 'hub') return source.hubId;
  const name = basename(source.files[0]!.path);
  return basename(name, extname(name)).slice(0, 200) || name;
}

/** The files of a source; a hub data set's are fetched first. Throws `hub/…`. */
export async function filesOf(
  context: BackendContext,
  source: DataSource,
  control: JobControl,
): Promise<SourceFiles> {
  if (source.kind === 'sample') return { files: [{ path: sampleFile(), split: null }], header: true };
  if (source.kind === 'files') return source;
  const { hubId, config, splits } = source;
  return fetchHubDataset(context, { hubId, config, splits }, control);
}
