import type { FaultText } from './fault.ts';

export const hostsFaults = {
  'hosts/no-window': ({ dir }: { dir: string }): FaultText => ({
    message: `The window's files are missing: ${dir} has no index.html.`,
    remedy: 'Build them with npm run build, or install Graft again.',
  }),
  'hosts/port': ({ port, reason }: { port: number; reason: string }): FaultText => ({
    message: `Port ${port} cannot be used: ${reason}.`,
    remedy: 'Name another with --port, or leave it out: a free one is taken.',
  }),
};
