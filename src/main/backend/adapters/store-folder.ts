import { fault, Fault } from '../../../shared/faults/index.ts';
import { writeFolderAtomic } from '../../engine/formats/atomic.ts';

/** As `writeFolderAtomic`, for a folder of the workspace: `store/disk-full` says where to free some space. */
export async function storeFolder(folder: string, fill: (temporary: string) => Promise<void>): Promise<void> {
  await writeFolderAtomic(folder, fill).catch((error: unknown) => {
    if (error instanceof Fault && error.code === 'files/disk-full')
      throw fault('store/disk-full', { file: folder }, error);
    throw error;
  });
}
