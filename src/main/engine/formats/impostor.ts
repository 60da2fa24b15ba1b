import { fault } from '../../../shared/faults/index.ts';
import type { ByteSource } from './byte-source.ts';

/**
 * Refuses what commonly stands where a checkpoint should: nothing at all, a web page, a Git LFS pointer.
 * Throws `formats/empty`, `formats/web-page` or `formats/lfs-pointer`.
 */
export async function refuseImpostor(source: ByteSource): Promise<void> {
  const file = source.path;
  if (source.size === 0) throw fault('formats/empty', { file });
  const bytes = await source.read(0, Math.min(source.size, 256));
  const head = new TextDecoder('latin1')
    .decode(bytes)
    .replace(/^(?:\u00ef\u00bb\u00bf)?\s*/, '')
    .toLowerCase();
  if (/^<(?:!doctype|html|head|body|!--|\?xml)/.test(head)) throw fault('formats/web-page', { file });
  if (head.startsWith('version https://git-lfs.github.com/spec/'))
    throw fault('formats/lfs-pointer', { file });
}
