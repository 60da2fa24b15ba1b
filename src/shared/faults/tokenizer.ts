import type { FaultText } from './fault.ts';

export const tokenizerFaults = {
  'tokenizer/missing': (p: { dir: string; class: string; reads: string; found: readonly string[] }) => ({
    message:
      `${p.dir} has no tokenizer: ${p.class} is read from ${p.reads}; ` +
      `found ${p.found.length === 0 ? 'none of the kind' : `only ${p.found.join(', ')}`}.`,
    remedy:
      'Put the tokenizer files of the checkpoint beside its weights, or name their class as "tokenizer_class" in ' +
      'tokenizer_config.json; a SentencePiece model alone will not do.',
  }),
  'tokenizer/class': (p: { file: string; found: string }) => ({
    message: `${p.file} is for ${p.found}, which is written in Python and has no like here.`,
    remedy: `Save the tokenizer as a tokenizer.json with "tokenizer_class": "PreTrainedTokenizerFast", if its model has one.`,
  }),
  'tokenizer/other-class': (p: { file: string; found: string }) => ({
    message: `${p.file} is for ${p.found}, which Graft does not know, and is taken as it stands.`,
    remedy: 'Compare the token ids of some texts with those of transformers before relying on them.',
  }),
  'tokenizer/sentence-length': (p: { file: string; found: number; limit: number | null }) => ({
    message:
      `${p.file} says max_seq_length ${p.found}; ` +
      `the tokenizer itself ${p.limit === null ? 'names no limit' : `says ${p.limit}`}.`,
    remedy: 'Vectors of embed are cut at the former; for anything else give --max-length or max_length.',
  }),
  'tokenizer/sentence-case': (p: { file: string }) => ({
    message: `${p.file} says do_lower_case, which sentence-transformers does before the tokenizer and Graft does not.`,
    remedy:
      'Lower-case the texts first, or set "do_lower_case" in tokenizer_config.json where the tokenizer has it.',
  }),
  'tokenizer/no-effect': (p: { file: string; key: string }) => ({
    message: `${p.key} in ${p.file} has no effect, as in transformers 5.`,
    remedy: 'Nothing needs to be done; the key may be removed.',
  }),
  'tokenizer/own-code': (p: { file: string; taken: string }) => ({
    message: `${p.file} asks for Python code of its own (auto_map); Graft runs none and takes ${p.taken} instead.`,
    remedy: 'Compare the token ids of some texts with those of the original before relying on them.',
  }),
  'tokenizer/rebuilt': (p: { file: string; key: string; found: string; taken: string; by: string }) => ({
    message: `${p.key} of ${p.file} is ${p.found}; ${p.by} of transformers 5 builds its own ${p.taken}, and so does Graft.`,
    remedy:
      'To have the file as it stands, set "tokenizer_class" in tokenizer_config.json to "PreTrainedTokenizerFast".',
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
  'tokenizer/ended': (p: { file: string; reason: string }) => ({
    message: `${p.file} cannot be used: the tokenizers library breaks down over it (${p.reason}).`,
    remedy:
      'Fetch the tokenizer files again from where the checkpoint came from; a pattern, a template or a character map ' +
      'in them is broken.',
  }),
  'tokenizer/slow': (p: { file: string; seconds: number }) => ({
    message: `${p.file} cannot be used: the tokenizers library has no answer after ${p.seconds} seconds.`,
    remedy:
      'A pattern in it may take for ever on some texts; fetch the file again from where the checkpoint came from.',
  }),
  'tokenizer/grows': (p: { file: string; key: string; found: string }) => ({
    message: `${p.file} makes too much of a text: ${p.key} has ${p.found}.`,
    remedy: 'Fetch the file again from where the checkpoint came from; no sound tokenizer does this.',
  }),
  'tokenizer/no-process': (p: { reason: string }) => ({
    message: `The process that tokenises does not start: ${p.reason}.`,
    remedy: 'Close other programs and try again; `graft doctor` says what this machine lacks.',
  }),
} satisfies Record<string, (p: never) => FaultText>;
