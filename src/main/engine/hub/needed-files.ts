const tokenizerFiles = [
  ...['tokenizer.json', 'vocab.txt', 'vocab.json'],
  ...['spiece.model', 'spm.model', 'sentencepiece.bpe.model', 'tokenizer.model'],
];
const otherFiles = [
  ...['tokenizer_config.json', 'special_tokens_map.json', 'added_tokens.json', 'merges.txt'],
  // How sentence-transformers makes a vector of a text.
  ...['modules.json', 'sentence_bert_config.json', 'config_sentence_transformers.json'],
  '1_Pooling/config.json',
];

/**
 * The weights among `names`, in the order of preference of `from_pretrained`: one file, or an index and its
 * shards. Empty where there are none or a shard is missing.
 */
function weightFiles(names: ReadonlySet<string>): string[] {
  for (const [stem, extension] of [
    ['model', '.safetensors'],
    ['pytorch_model', '.bin'],
  ] as const) {
    const name = stem + extension;
    if (names.has(name)) return [name];
    const index = `${name}.index.json`;
    const shards = Array.from(names).filter((name) => isShard(name, stem, extension));
    const count = Number(shards[0]?.slice(stem.length).split('-of-')[1]?.split('.')[0]);
    if (names.has(index) && shards.length === count) return [index, ...shards.sort()];
  }
  return [];
}

function isShard(name: string, stem: string, extension: string): boolean {
  const middle = name.slice(stem.length, -extension.length);
  return name.startsWith(stem) && name.endsWith(extension) && /^-\d{5}-of-\d{5}$/.test(middle);
}

/** What of a model's files is used here, weights last; null where config.json or the weights are missing. */
export function neededFiles(names: ReadonlySet<string>): string[] | null {
  const weights = weightFiles(names);
  if (weights.length === 0 || !names.has('config.json')) return null;
  return ['config.json', ...[...tokenizerFiles, ...otherFiles].filter((name) => names.has(name)), ...weights];
}

export function hasTokenizer(names: ReadonlySet<string>): boolean {
  return tokenizerFiles.some((name) => names.has(name));
}
