import type { FaultText } from './fault.ts';

export const exportFaults = {
  'export/differs': (p: { output: string; difference: number; limit: number }) => ({
    message: `The merged model, read back, answers differently: its logits are up to ${p.difference} off (limit ${p.limit}). ${p.output} was not written.`,
    remedy: 'Check that the disk is sound and merge again.',
  }),
} satisfies Record<string, (p: never) => FaultText>;
