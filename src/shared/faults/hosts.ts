import type { FaultText } from './fault.ts';

export const hostsFaults = {
  'hosts/no-window': ({ dir }: { dir: string }): FaultText => ({
    message: `The window's files are missing: ${dir} has no index.html.`,
    remedy: 'Build them with npm run build, or install Graft again.',
  }),
  'hosts/build': ({ detail }: { detail: string }): FaultText => ({
    message: `The window could not be built from its sources: ${detail}`,
    remedy: 'Correct the source that is named, or go back to a version that builds.',
  }),
  'hosts/port': ({ port, reason }: { port: number; reason: string }): FaultText => ({
    message: `Port ${port} cannot be used: ${reason}.`,
    remedy: 'Name another with --port, or leave it out: a free one is taken.',
  }),
};
