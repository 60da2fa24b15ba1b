import { fault } from '../../../../shared/faults/index.ts';
import type { ByteSource } from '../byte-source.ts';
import { unpickle } from './pickle.ts';
import { torchRules } from './torch-rules.ts';
import { PickleError } from './values.ts';

/** Enough for the pickles of the largest encoders; the numbers follow after them. */
const largestPickles = 8 * 2 ** 20;

/** The first pickle of a legacy file: protocol 2, then the number 0x1950a86a20f9469cfc6c. */
const magic = [0x80, 0x02, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19];

/**
 * Refuses what is not a zip file. Bare pickles are looked through first, so that one that would run code is
 * called that. Throws `formats/pickle-code`, `formats/torch-legacy` or `PickleError`.
 */
export async function refuseLegacy(source: ByteSource): Promise<void> {
  const [p, k] = await source.read(0, Math.min(source.size, 2));
  if (p === 0x50 && k === 0x4b) return;
  const bytes = await source.read(0, Math.min(source.size, largestPickles));
  const isLegacy = magic.every((byte, at) => bytes[at] === byte);
  try {
    // Magic number, protocol, system, then the object.
    for (let at = 0, count = 0; at < bytes.length && count < 4; count++) {
      at = unpickle(bytes, torchRules(source.path), at).end;
    }
  } catch (error) {
    if (!(error instanceof PickleError)) throw error;
  }
  if (isLegacy) throw fault('formats/torch-legacy', { file: source.path });
  throw new PickleError('it does not begin as torch.save writes it');
}
