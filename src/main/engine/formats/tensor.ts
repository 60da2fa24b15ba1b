/** Element types as safetensors names them. */
export type DType = 'F64' | 'F32' | 'F16' | 'BF16' | 'I64' | 'I32' | 'I16' | 'I8' | 'U8' | 'BOOL';

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
