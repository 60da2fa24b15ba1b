import { hashFile } from './seal.ts';

/** The hash of a version file as it is on disk now; null: it is not there. */
export async function hashTask({ file }: { file: string }): Promise<string | null> {
  try {
    return (await hashFile(file)).sha256;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}
