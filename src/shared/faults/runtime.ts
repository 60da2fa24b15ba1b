import type { FaultText } from './fault.ts';

export const runtimeFaults = {
  'runtime/not-installed': (p: { reason: string }) => ({
    message: `TensorFlow is not installed: ${p.reason}.`,
    remedy: 'Run npm run setup in the folder of Graft; graft doctor says what is missing.',
  }),
} satisfies Record<string, (p: never) => FaultText>;
