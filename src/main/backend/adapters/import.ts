import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import path from 'node:path';
import { fault } from '../../../shared/faults/index.ts';
import { readFault } from '../../engine/formats/file-faults.ts';
import { endText, runTask, taskModule } from '../../engine/threads/threads.ts';
import type { AdapterStore } from '../../storage/adapters.ts';
import type { BackendContext } from '../context.ts';
import { knownModel } from '../models/presence.ts';
import { knownBase } from './base.ts';
import type { tasks } from './check-adapter.ts';
import { adapterWeights, weightsFile, storeFolder } from './adapter-folder.ts';

/** What is taken over of a PEFT folder beside its weights, where it is there. */
const FILES = ['adapter_config.json', 'config.json', 'README.md'];

/** A damaged or hostile file can end its thread and nothing else, and a gigabyte keeps nobody waiting. */
const checking = taskModule<typeof tasks>(import.meta.url, './check-adapter');

export interface ImportRequest {
  folder: string;
  modelId: string;
  /** Empty: the folder's. */
  name: string;
}

/**
 * Takes a PEFT folder into the workspace, whole or not at all, when all of it fits the base. Resolves to its id. Throws
 * `adapters/…`, `peft/…`, `formats/…`, `models/…`, `files/…`, `store/unknown`.
 */
export async function importAdapter(
  context: BackendContext,
  store: AdapterStore,
  { folder: given, modelId, name }: ImportRequest,
): Promise<string> {
  const { db, workspace } = context;
  const folder = path.resolve(given);
  const model = knownModel(context, modelId);
  if (!existsSync(path.join(model.folder, 'config.json')))
    throw fault('adapters/base-gone', { name: model.name, folder: model.folder });
  const base = await knownBase(db, modelId, model.folder);
  const { name: modelName, hubId } = model;
  const checked = await runTask(
    checking,
    'check',
    { folder, model: { folder: model.folder, name: modelName, hubId, sha256: base.sha256 } },
    { ended: (end) => fault('models/unreadable', { folder, reason: endText(end) }) },
  );
  const id = randomUUID();
  const copy = path.join(workspace.adapters, id);
  const weights = await weightsFile(folder);
  await storeFolder(copy, async (temporary) => {
    for (const name of [...FILES, ...(weights ? [weights.file] : [])].filter((each) =>
      existsSync(path.join(folder, each)),
    ))
      await copyFile(path.join(folder, name), path.join(temporary, name)).catch((error: unknown) => {
        throw isWriting(error) ? error : readFault(path.join(folder, name), error);
      });
  });
  const { sha256, bytes } = await adapterWeights(copy);
  store.put({
    ...{ id, name: name.trim() || path.basename(folder), origin: 'imported', experimentId: null, modelId },
    ...{ folder: copy, peftType: checked.peftType, sha256, bytes },
    facts: {
      ...{ rank: checked.rank, labels: checked.labels, lost: checked.lost },
      ...{ base, parts: [], combination: null },
    },
  });
  return id;
}

const isWriting = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && ['ENOSPC', 'EDQUOT', 'EROFS'].includes(String(error.code));
