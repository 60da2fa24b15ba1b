import type { FaultText } from './fault.ts';

export const dataFaults = {} satisfies Record<string, (p: never) => FaultText>;
