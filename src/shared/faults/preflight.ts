import type { FaultText } from './fault.ts';

export const preflightFaults = {
  'preflight/device-busy': (p: { name: string }) => ({
    message: `"${p.name}" has the device; steps timed beside it would be wrong and slow it down.`,
    remedy: 'Time and baselines can be had as soon as it has finished or is paused.',
  }),
  'preflight/another-asked': (_: object) => ({
    message: 'The settings changed while they were timed.',
    remedy: 'The newer ones are timed instead.',
  }),
} satisfies Record<string, (p: never) => FaultText>;
