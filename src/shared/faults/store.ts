import type { FaultText } from './fault.ts';

export const storeFaults = {
  'store/newer': ({ file, found, known }: { file: string; found: number; known: number }): FaultText => ({
    message: `${file} was written by a newer Graft (schema ${found}; this one knows ${known}).`,
    remedy: 'Update Graft, or choose another workspace.',
  }),
  'store/damaged': ({ file, detail }: { file: string; detail: string }): FaultText => ({
    message: `${file} is not a whole Graft database: ${detail}.`,
    remedy: 'Put back one of the copies beside it (graft.db.before-…), or choose another workspace.',
  }),
  'store/read-only': ({ file }: { file: string }): FaultText => ({
    message: `${file} cannot be written.`,
    remedy: 'Give yourself the right to write there, or choose another workspace.',
  }),
  'store/locked': ({ file }: { file: string }): FaultText => ({
    message: `${file} is locked by another program.`,
    remedy:
      'Close what has it open (another Graft, a database viewer, a backup), then try again. Nothing was changed.',
  }),
  'store/disk-error': ({ file, detail }: { file: string; detail: string }): FaultText => ({
    message: `The disk answered with an error to ${file}: ${detail}.`,
    remedy: 'Look whether the drive is connected and has room, then try again.',
  }),
  'store/in-use': ({ file, pid }: { file: string; pid: number }): FaultText => ({
    message: `Another Graft (process ${pid}) has ${file} open.`,
    remedy: 'Use that window, or close it first.',
  }),
  'store/gone': ({ dir }: { dir: string }): FaultText => ({
    message: `The workspace ${dir} is gone: it was moved, deleted, or its drive was removed.`,
    remedy: 'Bring it back and start Graft again. Nothing was written elsewhere.',
  }),
  'store/disk-full': ({ file }: { file: string }): FaultText => ({
    message: `The disk is full: ${file} could not be written.`,
    remedy: 'Free some space (Settings, Storage), then try again. What was there before is unchanged.',
  }),
  'store/unknown': ({ kind, id }: { kind: string; id: string }): FaultText => ({
    message: `There is no ${kind} ${id}.`,
    remedy: 'It may have been removed. Go back to the list.',
  }),
};
