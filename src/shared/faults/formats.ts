import type { FaultText } from './fault.ts';

export const formatsFaults = {} satisfies Record<string, (p: never) => FaultText>;
