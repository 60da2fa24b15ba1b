import type { FaultText } from './fault.ts';

export const modelsFaults = {} satisfies Record<string, (p: never) => FaultText>;
