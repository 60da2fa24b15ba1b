import type { FaultText } from './fault.ts';

export const exportsFaults = {
  'exports/no-adapter': (p: { name: string; state: string }) => ({
    message: `${p.name} has no adapter: it is ${p.state}.`,
    remedy: 'Export an experiment that has finished, or was stopped behind a checkpoint.',
  }),
  'exports/refused': (p: { target: string; reason: string }) => ({
    message: `${p.target} cannot be made: ${p.reason}`,
    remedy: 'Leave it out, or choose another source.',
  }),
  'exports/not-absolute': (p: { folder: string }) => ({
    message: `${p.folder} is not the full path of a folder.`,
    remedy: 'Choose the folder, or write its path from the root of the disk.',
  }),
  'exports/not-ours': (p: { folder: string }) => ({
    message: `${p.folder} holds something that Graft did not write.`,
    remedy: 'Choose another folder: nothing but earlier exports is replaced.',
  }),
  'exports/same-folder': (p: { folder: string; name: string }) => ({
    message: `${p.name} is being written to ${p.folder}.`,
    remedy: 'Wait until it has ended, or choose another folder.',
  }),
  'exports/gone': (p: { folder: string }) => ({
    message: `${p.folder} cannot be made: its drive was removed, or takes no folders.`,
    remedy: 'Connect the drive again, or choose another folder.',
  }),
  'exports/running': (p: { name: string }) => ({
    message: `${p.name} is being written.`,
    remedy: 'Wait until it has ended, or cancel it first.',
  }),
  'exports/nothing-to-verify': (p: { name: string }) => ({
    message: `Nothing of ${p.name} was written: there is nothing to look at.`,
    remedy: 'Export again.',
  }),
  'exports/engine-ended': (p: { how: string }) => ({
    message: `The process that exports ended in the middle (${p.how}).`,
    remedy: 'What was proved stays. Free some memory, then export the rest again.',
  }),
  'exports/engine-memory': (_: object) => ({
    message: 'Memory ran out while exporting.',
    remedy:
      'What was proved stays. Close other programs, or wait until nothing trains, then export the rest again.',
  }),
} satisfies Record<string, (p: never) => FaultText>;
