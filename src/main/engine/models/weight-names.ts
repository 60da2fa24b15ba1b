import { isAddedPart } from '../../../shared/methods/index.ts';
import { fault } from '../../../shared/faults/index.ts';
import type { TensorFile } from '../formats/tensor.ts';
import type { Architecture } from './architecture.ts';
import { families } from './architectures.ts';

/**
 * What programs put before the names of a model that they wrapped: DataParallel, torch.compile, FSDP, activation
 * checkpointing, Lightning, a module that holds the model, sentence-transformers, PEFT.
 */
const wrappers = [
  ...['module.', '_orig_mod.', '_fsdp_wrapped_module.', '_checkpoint_wrapped_module.', '_forward_module.'],
  ...['model.', '0.', 'auto_model.', 'base_model.'],
];
/** Wrappers of modules inside a model: they stand in the middle of names too. */
const INNER = /(?:_orig_mod|_fsdp_wrapped_module|_checkpoint_wrapped_module)\./g;

/**
 * The names of a checkpoint's tensors in the file by the names that the architecture gives them: without the prefixes of
 * programs that wrapped the model, and with `weight` and `bias` for the `gamma` and `beta` of 2018. Throws
 * `models/unmerged-adapter`, `models/sharded-training`, `models/two-encoders`.
 */
export function architectureNames(file: TensorFile, { names: own }: Architecture): Map<string, string> {
  refuseParts(file);
  const names = [...file.tensors.keys()];
  const adapter = names.find((name) =>
    name.split('.').some((part) => part === 'base_layer' || isAddedPart(part)),
  );
  if (adapter !== undefined) throw fault('models/unmerged-adapter', { file: file.path, tensor: adapter });
  const plain = new Map(names.map((name) => [name, name.replace(INNER, '')]));
  const words = `${own.words}.weight`;
  const found = [...plain.values()].filter((name) => name === words || name.endsWith(`.${words}`));
  const [first = words, second] = found;
  if (second !== undefined) throw fault('models/two-encoders', { file: file.path, first, second });
  const before = first.slice(0, -words.length);
  const wrapper = before.endsWith(own.prefix) ? before.slice(0, before.length - own.prefix.length) : before;
  const strip = isWrapped(wrapper) ? wrapper.length : 0;
  return new Map(
    names.map((name) => {
      const plainName = plain.get(name)!;
      const inner = strip > 0 && plainName.startsWith(wrapper) ? plainName.slice(strip) : plainName;
      return [inner.replace(/\.gamma$/, '.weight').replace(/\.beta$/, '.bias'), name];
    }),
  );
}

/** Whether a prefix is made of those of wrapping programs alone. */
function isWrapped(prefix: string): boolean {
  if (prefix === '') return true;
  return wrappers.some((start) => prefix.startsWith(start) && isWrapped(prefix.slice(start.length)));
}

/** What the names of foreign tensors say about where they come from. */
export function strangerNames(file: TensorFile): string {
  const [first = ''] = file.tensors.keys();
  const start = first.split('.')[0]!;
  // Llama's names begin with `model` as well as ModernBERT's.
  const named = families().find(({ prefix }) => prefix === `${start}.`)?.title;
  const family = start === 'model' ? undefined : named;
  return family === undefined
    ? `they begin with "${first}"`
    : `they are named as those of ${family} ("${first}")`;
}

/** Refuses weights of which each process of a sharded training kept its part. Throws `models/sharded-training`. */
export function refuseParts(file: TensorFile): void {
  const isPart = (name: string): boolean =>
    /(?:^|[._])flat_param/.test(name) || file.tensors.get(name)!.shape.includes(0);
  const parts = [...file.tensors.keys()].filter(isPart);
  const [tensor] = parts;
  if (tensor === undefined) return;
  const { shape } = file.tensors.get(tensor)!;
  throw fault('models/sharded-training', { file: file.path, tensor, shape, parts: parts.length });
}
