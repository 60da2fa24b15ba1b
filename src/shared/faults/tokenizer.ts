import type { FaultText } from './fault.ts';

export const tokenizerFaults = {
  'tokenizer/missing': (p: { dir: string }) => ({
    message: `${p.dir} has no tokenizer: neither tokenizer.json, nor vocab.txt, nor vocab.json with merges.txt.`,
    remedy:
      'Put the tokenizer files of the checkpoint beside its weights; a SentencePiece model alone will not do.',
  }),
  'tokenizer/unreadable': (p: { file: string; reason: string }) => ({
    message: `${p.file} is not a usable tokenizer file: ${p.reason}.`,
    remedy: 'Fetch the file again from where the checkpoint came from.',
  }),
  'tokenizer/missing-token': (p: { file: string; role: string; token: string }) => ({
    message: `${p.file} has no entry for ${p.role}, "${p.token}".`,
    remedy: `Check that the vocabulary belongs to this model, or name the right ${p.role} in tokenizer_config.json.`,
  }),
  'tokenizer/no-pad-token': (p: { dir: string }) => ({
    message: `The tokenizer in ${p.dir} has no padding token.`,
    remedy: 'Name one in tokenizer_config.json ("pad_token"), or choose padding "none".',
  }),
  'tokenizer/max-length-too-small': (p: { maxLength: number; specialTokens: number }) => ({
    message: `max_length is ${p.maxLength}, but each text takes ${p.specialTokens} special tokens alone.`,
    remedy: `Set max_length to ${p.specialTokens + 1} or more.`,
  }),
  'tokenizer/no-max-length': (p: { dir: string }) => ({
    message: `The tokenizer in ${p.dir} names no longest length, so padding to max_length has no target.`,
    remedy: 'Set max_length, or choose padding "longest".',
  }),
} satisfies Record<string, (p: never) => FaultText>;
