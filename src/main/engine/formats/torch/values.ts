import type { DType } from '../tensor.ts';

/** Why a pickle is not taken; the caller knows which file it came from. */
export class PickleError extends Error {}

/** Bytes that several tensors may share: an entry of the zip file. */
export class Storage {
  readonly key: string;
  readonly dtype: DType;
  /** Number of elements. */
  readonly length: number;

  constructor(key: string, dtype: DType, length: number) {
    this.key = key;
    this.dtype = dtype;
    this.length = length;
  }
}

/** A view of a storage; offset and strides count elements. */
export class Tensor {
  readonly storage: Storage;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly stride: readonly number[];

  constructor(storage: Storage, offset: number, shape: readonly number[], stride: readonly number[]) {
    this.storage = storage;
    this.offset = offset;
    this.shape = shape;
    this.stride = stride;
  }
}

export class Tuple {
  readonly items: readonly PickleValue[];

  constructor(items: readonly PickleValue[]) {
    this.items = items;
  }
}

/** The stand-in for one of the few functions of torch that a file of weights calls. */
export class Callable {
  readonly call: (args: readonly PickleValue[]) => PickleValue;

  constructor(call: (args: readonly PickleValue[]) => PickleValue) {
    this.call = call;
  }
}

/** A class that names the element type of a storage. */
export class StorageType {
  readonly dtype: DType;

  constructor(dtype: DType) {
    this.dtype = dtype;
  }
}

export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Tuple
  | PickleValue[]
  | Map<PickleValue, PickleValue>
  | Callable
  | StorageType
  | Storage
  | Tensor;
