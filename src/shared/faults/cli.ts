import type { FaultText } from './fault.ts';

export const cliFaults = {} satisfies Record<string, (p: never) => FaultText>;
