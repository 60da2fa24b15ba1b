import { fault } from '../../../../shared/faults/index.ts';
import type { DType } from '../dtype.ts';
import { isKind, PickleError, type PickleRules, type PickleValue, type Tensor } from './pickle.ts';

const storageTypes = new Map<string, DType>(
  Object.entries({
    DoubleStorage: 'F64',
    FloatStorage: 'F32',
    HalfStorage: 'F16',
    BFloat16Storage: 'BF16',
    LongStorage: 'I64',
    IntStorage: 'I32',
    ShortStorage: 'I16',
    CharStorage: 'I8',
    ByteStorage: 'U8',
    BoolStorage: 'BOOL',
  }),
);

const functions = new Map<string, (args: readonly PickleValue[]) => PickleValue>(
  Object.entries({
    'torch._utils._rebuild_tensor': rebuildTensor,
    'torch._utils._rebuild_tensor_v2': rebuildTensor,
    'torch._utils._rebuild_parameter': ([data]: readonly PickleValue[]) => {
      if (!isKind(data, 'tensor'))
        throw new PickleError('it makes a parameter of something that is no tensor');
      return data;
    },
    // Python 2 gives it its items as a list of lists.
    'collections.OrderedDict': ([items = [], ...more]: readonly PickleValue[]) => {
      const isItem = (item: PickleValue): item is PickleValue[] => Array.isArray(item) && item.length === 2;
      if (more.length > 0 || !Array.isArray(items) || !items.every(isItem))
        throw new PickleError('it makes a dictionary of something that is no list of its items');
      return new Map(items.map(([key, value]) => [key!, value!]));
    },
  }),
);

/**
 * All that the pickle of a PyTorch file may refer to: tensors, parameters, ordered dictionaries, element types.
 * Any other name throws `formats/pickle-code`; a storage of an unknown element type `formats/dtype`.
 */
export function torchRules(file: string): PickleRules {
  return {
    findGlobal(module, name) {
      const call = functions.get(`${module}.${name}`);
      if (call !== undefined) return { kind: 'callable', call };
      const dtype = module === 'torch' ? storageTypes.get(name) : undefined;
      if (dtype !== undefined) return { kind: 'storageType', dtype };
      if (module === 'torch' && name.endsWith('Storage')) {
        throw fault('formats/dtype', { file, tensor: 'tensors', dtype: `torch.${name}` });
      }
      throw fault('formats/pickle-code', { file, module, name });
    },
    persistentLoad(id) {
      const [kind, type, key, , length, view = null] = isKind(id, 'tuple') ? id.items : [];
      if (kind !== 'storage' || !isKind(type, 'storageType') || typeof key !== 'string' || !isSize(length)) {
        throw new PickleError('it refers to something that is no storage');
      }
      if (view !== null) throw new PickleError('it refers to a part of a storage, as PyTorch before 0.4 did');
      return { kind, key, dtype: type.dtype, length };
    },
  };
}

function rebuildTensor([storage, offset, shape, stride]: readonly PickleValue[]): Tensor {
  if (!isKind(storage, 'storage')) throw new PickleError('it makes a tensor without a storage');
  if (!isSize(offset)) throw new PickleError('it makes a tensor that begins nowhere');
  const [sizes, strides] = [sizesOf(shape), sizesOf(stride)];
  if (sizes.length !== strides.length)
    throw new PickleError('it makes a tensor whose strides do not fit its shape');
  return { kind: 'tensor', storage, offset, shape: sizes, stride: strides };
}

function sizesOf(value: PickleValue | undefined): number[] {
  if (!isKind(value, 'tuple')) throw new PickleError('it makes a tensor without a shape');
  return value.items.map((size) => {
    if (!isSize(size)) throw new PickleError('it makes a tensor of a shape that cannot be');
    return size;
  });
}

function isSize(value: PickleValue | undefined): value is number {
  return Number.isSafeInteger(value) && typeof value === 'number' && value >= 0;
}
