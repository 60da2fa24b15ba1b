import { fault } from '../../../shared/faults/index.ts';
import { toFloat32 } from './dtype.ts';
import type { RawTensor, TensorFile, TensorInfo } from './tensor.ts';

/** What differs between the file formats: which tensors there are, and where their bytes come from. */
interface Parts {
  path: string;
  metadata: Record<string, string>;
  tensors: Iterable<TensorInfo>;
  readBytes: (tensor: TensorInfo) => Promise<Uint8Array>;
  close: () => Promise<void>;
}

/** A `TensorFile` from its format's parts. */
export function tensorFile({ path, metadata, tensors: list, readBytes, close }: Parts): TensorFile {
  const tensors = new Map(Array.from(list, (tensor) => [tensor.name, tensor]));

  async function read(name: string): Promise<RawTensor> {
    const tensor = tensors.get(name);
    if (tensor === undefined) throw fault('formats/no-tensor', { file: path, tensor: name });
    return { ...tensor, bytes: await readBytes(tensor) };
  }

  return {
    path,
    metadata,
    tensors,
    read,
    close,
    async readFloat32(name) {
      const { dtype, bytes } = await read(name);
      const values = toFloat32(dtype, bytes);
      if (values === null) throw fault('formats/not-float', { file: path, tensor: name, dtype });
      return values;
    },
  };
}
