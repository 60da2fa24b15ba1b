import { fault } from '../../../shared/faults/index.ts';
import { toFloat32, type DType } from './dtype.ts';

export interface TensorInfo {
  name: string;
  dtype: DType;
  shape: readonly number[];
}

/** A tensor in memory: little-endian, row-major bytes as they stand in the file. */
export interface RawTensor extends TensorInfo {
  bytes: Uint8Array;
}

/** An opened checkpoint file, or several (shards) as one. Tensors are read by range, one at a time. */
export interface TensorFile {
  readonly path: string;
  /** In the order of the file. */
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  readonly metadata: Readonly<Record<string, string>>;
  /** Throws `formats/…` or `files/vanished`. */
  read(name: string): Promise<RawTensor>;
  /** F64, F32, F16 and BF16 as float32. */
  readFloat32(name: string): Promise<Float32Array>;
  close(): Promise<void>;
}

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
