import type { FaultText } from './fault.ts';

export const filesFaults = {
  'files/missing': (p: { file: string }) => ({
    message: `${p.file} does not exist.`,
    remedy: 'Check the path; a file that was moved or deleted must be put back or chosen again.',
  }),
  'files/unreadable': (p: { file: string; reason: string }) => ({
    message: `${p.file} cannot be read: ${p.reason}.`,
    remedy: 'Check the permissions of the file and of its folder.',
  }),
  'files/not-folder': (p: { folder: string }) => ({
    message: `${p.folder} is a file; a folder is needed there.`,
    remedy: 'Choose the folder that the file is in.',
  }),
  'files/vanished': (p: { file: string }) => ({
    message: `${p.file} vanished or became shorter while it was being read.`,
    remedy: 'Put the file back, or copy it to a local disk, and start again.',
  }),
  'files/disk-full': (p: { file: string }) => ({
    message: `The disk is full: ${p.file} could not be written. What was there before is unchanged.`,
    remedy: 'Free some space and go on from the last checkpoint.',
  }),
  'files/unwritable': (p: { file: string; reason: string }) => ({
    message: `${p.file} cannot be written: ${p.reason}.`,
    remedy: 'Choose another folder, or give yourself the right to write there.',
  }),
  'files/denied': (p: { file: string }) => ({
    message: `${p.file} cannot be opened or written: access is denied.`,
    remedy: 'Give yourself the right to it and to its folder, or choose another place.',
  }),
  'files/output-exists': (p: { dir: string }) => ({
    message: `${p.dir} exists and is not empty.`,
    remedy: 'Choose another output folder, or pass --overwrite to replace what Graft wrote there.',
  }),
} satisfies Record<string, (p: never) => FaultText>;
