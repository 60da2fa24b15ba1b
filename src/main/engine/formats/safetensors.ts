import { fault } from '../../../shared/faults/index.ts';
import { openByteSource, type ByteSource } from './byte-source.ts';
import { refuseImpostor } from './impostor.ts';
import { DTypeError, HeaderError, largestHeader, parseSafetensorsHeader } from './safetensors-header.ts';
import type { SafetensorsHeader } from './safetensors-header.ts';
import { tensorFile } from './tensor-file.ts';
import type { TensorFile } from './tensor.ts';

/**
 * Opens a safetensors file: the header is read and checked, tensors are read by range when they are asked for.
 * Throws `files/…`, `formats/safetensors-damaged`, `formats/cut`, `formats/dtype` or what `refuseImpostor` throws.
 */
export async function openSafetensors(file: string): Promise<TensorFile> {
  const source = await openByteSource(file);
  try {
    await refuseImpostor(source);
    const { header, dataStart } = await readHeader(source);
    const places = new Map(header.tensors.map((tensor) => [tensor.name, tensor]));
    return tensorFile({
      path: file,
      metadata: header.metadata,
      tensors: header.tensors.map(({ name, dtype, shape }) => ({ name, dtype, shape })),
      readBytes: ({ name }) => {
        const { begin, end } = places.get(name)!;
        return source.read(dataStart + begin, end - begin);
      },
      close: () => source.close(),
    });
  } catch (error) {
    await source.close();
    if (error instanceof HeaderError)
      throw fault('formats/safetensors-damaged', { file, reason: error.message }, error);
    if (error instanceof DTypeError)
      throw fault('formats/dtype', { file, tensor: error.tensor, dtype: error.dtype });
    throw error;
  }
}

async function readHeader(source: ByteSource): Promise<{ header: SafetensorsHeader; dataStart: number }> {
  const { path: file, size } = source;
  if (size < 8) throw new HeaderError(`it has only ${size} bytes`);
  const prefix = await source.read(0, 8);
  if (prefix[0] === 0x50 && prefix[1] === 0x4b)
    throw new HeaderError('it is a zip file, as PyTorch writes for .bin');
  const length = new DataView(prefix.buffer).getBigUint64(0, true);
  if (length > BigInt(largestHeader))
    throw new HeaderError('its first eight bytes are not the length of a header');
  const dataStart = 8 + Number(length);
  if (dataStart > size) throw fault('formats/cut', { file, size, needed: dataStart });
  const header = parseSafetensorsHeader(await source.read(8, Number(length)));
  const needed = dataStart + header.dataLength;
  if (needed > size) throw fault('formats/cut', { file, size, needed });
  if (needed < size) throw new HeaderError(`${size - needed} bytes follow its last tensor`);
  return { header, dataStart };
}
