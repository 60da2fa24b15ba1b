import { fault } from '../../../shared/faults/index.ts';
import type { TensorFile } from '../formats/tensor.ts';

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
const WORDS = /(?:bert\.)?embeddings\.word_embeddings\.weight$/;

/** Prefixes of other families, which config.json then should describe. */
const families: Readonly<Record<string, string>> = {
  ...{ roberta: 'RoBERTa', distilbert: 'DistilBERT', electra: 'ELECTRA', albert: 'ALBERT', mpnet: 'MPNet' },
  ...{ deberta: 'DeBERTa', transformer: 'GPT-2', gpt_neox: 'GPT-NeoX', shared: 'T5', encoder: 'T5 or BART' },
};

/**
 * The names of a checkpoint's tensors in the file by the names that the architecture gives them: without the prefixes of
 * programs that wrapped the model, and with `weight` and `bias` for LayerNorm's `gamma` and `beta` of 2018. Throws
 * `models/unmerged-adapter`, `models/sharded-training`, `models/two-encoders`.
 */
export function architectureNames(file: TensorFile): Map<string, string> {
  refuseParts(file);
  const names = [...file.tensors.keys()];
  const adapter = names.find((name) => /\.(?:base_layer|lora_[AB])\./.test(name));
  if (adapter !== undefined) throw fault('models/unmerged-adapter', { file: file.path, tensor: adapter });
  const plain = new Map(names.map((name) => [name, name.replace(INNER, '')]));
  const found = [...plain.values()].filter((name) => WORDS.test(name));
  const [words] = found;
  if (found.length > 1 && words !== undefined)
    throw fault('models/two-encoders', { file: file.path, first: words, second: found[1]! });
  const prefix = words?.replace(WORDS, '') ?? '';
  const strip = isWrapped(prefix) ? prefix.length : 0;
  return new Map(
    names.map((name) => {
      const own = plain.get(name)!;
      const inner = strip > 0 && own.startsWith(prefix) ? own.slice(strip) : own;
      return [
        inner.replace(/LayerNorm\.gamma$/, 'LayerNorm.weight').replace(/LayerNorm\.beta$/, 'LayerNorm.bias'),
        name,
      ];
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
  const family = families[start];
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
