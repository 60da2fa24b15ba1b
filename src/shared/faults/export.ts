import type { FaultText } from './fault.ts';

export const exportFaults = {
  'export/differs': (p: { output: string; difference: number; limit: number }) => ({
    message: `The merged model, read back, answers differently: its logits are up to ${p.difference} off (limit ${p.limit}). ${p.output} was not written.`,
    remedy: 'Check that the disk is sound and merge again.',
  }),
  'export/name': (p: { what: string; name: string; character: string }) => ({
    message: `The name of ${p.what}, ${JSON.stringify(p.name)}, holds the control character ${p.character}. Nothing was written.`,
    remedy:
      'Give it a name without line breaks and control characters: other programs read it in what is written.',
  }),
  'export/no-adapter': (p: { model: string }) => ({
    message: `${p.model} comes without an adapter: there is none to export.`,
    remedy: 'Name one with --adapter, or choose another target.',
  }),
  'export/base-needed': (p: { folder: string; named: string | null }) => ({
    message: `${p.folder} holds an adapter, which answers only with its base model${p.named === null ? '' : `, ${p.named}, which was not found`}.`,
    remedy: 'Name the base with --model.',
  }),
  'export/no-proof': (p: { folder: string }) => ({
    message: `${p.folder} has no verification.json of Graft that can be read.`,
    remedy: 'Name the folder of an export, or export again.',
  }),
  'export/no-answer': (p: { folder: string; how: string; reason: string }) => ({
    message:
      `The process that was to load ${p.folder} ended without an answer (${p.how}). ${p.reason}`.trim(),
    remedy: 'Free some memory, then try again.',
  }),
  'export/cannot-load': (p: { detail: string }) => ({
    message: `What was written cannot be loaded: ${p.detail}`,
    remedy: 'Check that the disk is sound and export again.',
  }),
  'export/beyond-half': (p: { tensor: string }) => ({
    message: `${p.tensor} holds values beyond 65,504, the largest that float16 has.`,
    remedy: 'Choose bf16 or fp32 for the merged weights; of ONNX, full precision or int8.',
  }),
  'export/disk-full': (p: { name: string; folder: string }) => ({
    message: `The disk is full: ${p.name} could not be written to ${p.folder}. Nothing of it was left there.`,
    remedy: 'Free some space, or choose a folder on another disk.',
  }),
  'export/exists': (p: { folder: string }) => ({
    message: `${p.folder} exists and holds something.`,
    remedy: 'Choose another folder, or let what is there be replaced.',
  }),
} satisfies Record<string, (p: never) => FaultText>;
