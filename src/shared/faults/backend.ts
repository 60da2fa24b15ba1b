import type { FaultText } from './fault.ts';

export const backendFaults = {
  'backend/unknown-method': ({ method }: { method: string }): FaultText => ({
    message: `There is no request ${method}.`,
    remedy: 'The window and the program are of different versions: start Graft again.',
  }),
  'backend/invalid-input': ({ method, detail }: { method: string; detail: string }): FaultText => ({
    message: `The request ${method} is not valid: ${detail}.`,
    remedy: 'Correct the value, then try again.',
  }),
  'backend/defect': ({ method, detail }: { method: string; detail: string }): FaultText => ({
    message: `${method} failed in an unforeseen way: ${detail}.`,
    remedy: 'Try again. If it happens again, it is a defect worth reporting.',
  }),
};
