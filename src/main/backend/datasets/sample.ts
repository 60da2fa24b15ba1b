import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fault } from '../../../shared/faults/index.ts';
import { runTask } from '../../engine/threads/threads.ts';
import { findVersion, setDatasetRemoved } from '../../storage/datasets.ts';
import type { BackendContext } from '../context.ts';
import { keepVersion, putInPlace, withTemporary } from './keep-version.ts';
import { datasetTasks } from './tasks.ts';

const SAMPLE = join('resources', 'sample', 'sms-spam.tsv');
const SOURCE = 'sample';

/** The sample's file, in the checkout or in the installed app. Throws `datasets/sample-missing`. */
export function sampleFile(): string {
  // Electron's folder of resources, without knowing Electron's types.
  const resources = (process as { resourcesPath?: string }).resourcesPath;
  if (resources !== undefined) {
    const packed = join(resources, 'sample', 'sms-spam.tsv');
    if (existsSync(packed)) return packed;
  }
  for (let folder = import.meta.dirname; ; folder = dirname(folder)) {
    const file = join(folder, SAMPLE);
    if (existsSync(file)) return file;
    if (folder === dirname(folder)) throw fault('datasets/sample-missing', {});
  }
}

/**
 * The id of the sample's version: SMS Spam in the order and the parts that the demo uses. Made once, then found by its
 * hash; brought back where it was removed or its file vanished.
 */
export async function importSample(context: BackendContext, signal?: AbortSignal): Promise<string> {
  const tsv = sampleFile();
  return withTemporary(context, async (file) => {
    const made = await runTask(datasetTasks, 'sample', { tsv, file }, { signal });
    const known = findVersion(context.db, SOURCE, made.sha256);
    if (!known) {
      const dataset = { name: 'SMS Spam', source: SOURCE };
      const change = 'The sample, in the parts that the demo uses';
      return keepVersion(context, made, { dataset, change, parent: null });
    }
    await putInPlace(context, made, known.file);
    setDatasetRemoved(context.db, known.datasetId, null);
    context.emit('datasets/changed', { id: known.datasetId });
    return known.id;
  });
}
