import type { FaultText } from './fault.ts';

export const modelsFaults = {
  'models/unsupported-architecture': (p: { file: string; found: string; supported: readonly string[] }) => ({
    message: `${p.file} describes a model of type "${p.found}".`,
    remedy: `Choose a checkpoint of a supported type: ${p.supported.join(', ')}.`,
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
  'models/no-weights': (p: { file: string; architecture: string }) => ({
    message: `${p.file} holds no tensor that ${p.architecture} has.`,
    remedy: 'Check that config.json and the weights belong to the same model.',
  }),
  'models/shape': (p: {
    file: string;
    tensor: string;
    expected: readonly number[];
    found: readonly number[];
  }) => ({
    message: `${p.file}: ${p.tensor} has shape [${p.found.join(', ')}], config.json asks for [${p.expected.join(', ')}].`,
    remedy: 'Check that config.json and the weights belong to the same model.',
  }),
  'models/no-head': (p: { folder: string; missing: readonly string[] }) => ({
    message: `${p.folder} has no classification head: ${p.missing.join(', ')} missing.`,
    remedy: 'Give an adapter that was trained with its head (--adapter), or train one with graft train.',
  }),
  'models/token-id': (p: { row: number; id: number; size: number }) => ({
    message: `Row ${p.row} holds the token id ${p.id}; the model knows 0 to ${p.size - 1}.`,
    remedy: 'Tokenise the texts with the tokenizer of this model.',
  }),
  'models/token-type': (p: { row: number; type: number; types: number }) => ({
    message: `Row ${p.row} holds the token type ${p.type}; the model knows 0 to ${p.types - 1}.`,
    remedy: 'Tokenise the texts with the tokenizer of this model; a model with one type takes no text pairs.',
  }),
  'models/text-length': (p: { row: number; length: number; longest: number }) => ({
    message: `Row ${p.row} has ${p.length} tokens; the model takes 1 to ${p.longest}.`,
    remedy: 'Cut the row with max_length, or leave it out.',
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
  'models/no-sample': (p: { reason: string }) => ({
    message: `The sample's model, all-MiniLM-L6-v2, is not on this machine: ${p.reason}`,
    remedy: 'Connect to the hub once, or run npm run setup in a clone of the project, which fetches it.',
  }),
} satisfies Record<string, (p: never) => FaultText>;
