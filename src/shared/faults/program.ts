import type { Catalogue } from './fault.ts';

export const programFaults = {
  'backend/unknown-method': `There is no request {method}.
    The window and the program are of different versions: start Graft again.`,
  'backend/invalid-input': `The request {method} is not valid: {detail}.
    Correct the value, then try again.`,
  'backend/defect': `{method} failed in an unforeseen way: {detail}.
    Try again. If it happens again, it is a defect worth reporting.`,
  'files/missing': `{file} does not exist.
    Check the path; a file that was moved or deleted must be put back or chosen again.`,
  'files/unreadable': `{file} cannot be read: {reason}.
    Check the permissions of the file and of its folder.`,
  'files/not-folder': `{folder} is a file; a folder is needed there.
    Choose the folder that the file is in.`,
  'files/vanished': `{file} vanished or became shorter while it was being read.
    Put the file back, or copy it to a local disk, and start again.`,
  'files/disk-full': `The disk is full: {file} could not be written. What was there before is unchanged.
    Free some space and go on from the last checkpoint.`,
  'files/unwritable': `{file} cannot be written: {reason}.
    Choose another folder, or give yourself the right to write there.`,
  'files/denied': `{file} cannot be opened or written: access is denied.
    Give yourself the right to it and to its folder, or choose another place.`,
  'files/output-exists': `{dir} exists and is not empty.
    Choose another output folder, or pass --overwrite to replace what Graft wrote there.`,
  'hosts/no-window': `The window's files are missing: {dir} has no index.html.
    Build them with npm run build, or install Graft again.`,
  'hosts/build': `The window could not be built from its sources: {detail}
    Correct the source that is named, or go back to a version that builds.`,
  'hosts/port': `Port {port} cannot be used: {reason}.
    Name another with --port, or leave it out: a free one is taken.`,
  'runtime/not-installed': `TensorFlow is not installed: {reason}.
    Run npm run setup in the folder of Graft; graft doctor says what is missing.`,
  'runtime/rounds': `The GPU rounds fp32 matrix products to TF32 although that is switched off.
    Set precision to tf32 to accept errors of about 1e-3, or the environment variable GRAFT_RUNTIME to cpu.`,
  'runtime/archive': `{file} is no runtime of Graft: {reason}.
    Take the file graft-runtime-cuda-….zip that is published beside the installer, and fetch it again.`,
  'runtime/other-machine': `{file} is a runtime for {found}; this machine is {wanted}.
    Take the runtime for {wanted}.`,
  'runtime/other-version': `{file} holds TensorFlow {found}; this Graft needs {wanted}.
    Take the runtime that was published with this version of Graft.`,
  'runtime/hash': `{file} is damaged: its SHA-256 is {found:hash12} and should be {expected:hash12}
    Nothing of it was installed. Fetch it again.`,
  'runtime/no-hash': `There is no hash at {url}; the download could not be checked.
    Publish the .sha256 file beside the archive, or download the archive yourself and install the file.`,
  'runtime/download': `{url} could not be fetched: {reason}.
    What arrived is kept. Start again to go on from there.`,
  'runtime/no-space': (p: { folder: string; needed: number; free: number }) => ({
    message: `The runtime takes ${Math.ceil(p.needed / 1e6)} MB; ${p.folder} has ${Math.floor(p.free / 1e6)} MB free.`,
    remedy: 'Free some space, or set GRAFT_CACHE to a folder on another disk.',
  }),
  'store/newer': `{file} was written by a newer Graft (schema {found}; this one knows {known}).
    Update Graft, or choose another workspace.`,
  'store/damaged': `{file} is not a whole Graft database: {detail}.
    Put back one of the copies beside it (graft.db.before-…), or choose another workspace.`,
  'store/read-only': `{file} cannot be written.
    Give yourself the right to write there, or choose another workspace.`,
  'store/locked': `{file} is locked by another program.
    Close what has it open (another Graft, a database viewer, a backup), then try again. Nothing was changed.`,
  'store/disk-error': `The disk answered with an error to {file}: {detail}.
    Look whether the drive is connected and has room, then try again.`,
  'store/in-use': `Another Graft (process {pid}) has {file} open.
    Use that window, or close it first.`,
  'store/gone': `The workspace {dir} is gone: it was moved, deleted, or its drive was removed.
    Bring it back and start Graft again. Nothing was written elsewhere.`,
  'store/disk-full': `The disk is full: {file} could not be written.
    Free some space (Settings, Storage), then try again. What was there before is unchanged.`,
  'store/unknown': `There is no {kind} {id}.
    It may have been removed. Go back to the list.`,
} as const satisfies Catalogue;
