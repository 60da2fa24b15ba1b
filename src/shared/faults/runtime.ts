import type { FaultText } from './fault.ts';

export const runtimeFaults = {} satisfies Record<string, (p: never) => FaultText>;
