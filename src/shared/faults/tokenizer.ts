import type { FaultText } from './fault.ts';

export const tokenizerFaults = {} satisfies Record<string, (p: never) => FaultText>;
