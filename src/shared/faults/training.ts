import type { FaultText } from './fault.ts';

export const trainingFaults = {} satisfies Record<string, (p: never) => FaultText>;
