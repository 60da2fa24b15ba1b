import type { FaultText } from './fault.ts';

export const peftFaults = {} satisfies Record<string, (p: never) => FaultText>;
