import { Argument, Command } from 'commander';
import { installedRuntime, tensorflowVersion } from '../../engine/runtime/installed.ts';
import { command } from '../command.ts';

const help = `
The CPU runtime is inside Graft. With an NVIDIA GPU the CUDA runtime is installed beside it, for this user; it is used
where there is a driver, and GRAFT_RUNTIME=cpu leaves it unused.

Examples:
  graft runtime install graft-runtime-cuda-${tensorflowVersion}-linux-x64.zip
  graft runtime list
  graft runtime remove`;

const source = () =>
  new Argument('<source>', 'the archive: a file, or an http(s) address that a .sha256 stands beside');

const install = () =>
  command({
    name: 'install',
    description: 'Installs a runtime archive: all of it, or nothing.',
    argument: source(),
    options: {},
    work: async (_, context, archive) => {
      const { installRuntime } = await import('../../backend/system/runtime/install.ts');
      const folder = await installRuntime(archive, {
        signal: context.signal,
        onProgress: (now) => context.onEvent({ type: 'progress', ...now }),
      });
      return { result: { folder }, text: `Installed: ${folder}` };
    },
  });

const list = () =>
  command({
    name: 'list',
    description: 'Shows what is installed.',
    options: {},
    work: () => {
      const found = installedRuntime();
      if (found === null) {
        const text = 'No runtime is installed beside the one inside Graft.';
        return Promise.resolve({ result: { installed: null }, text });
      }
      const { folder, bytes } = found;
      const { variant, tensorflow } = found.manifest;
      const text = `CUDA runtime, TensorFlow ${tensorflow}, ${Math.round(bytes / 1e6)} MB: ${folder}`;
      return Promise.resolve({ result: { installed: { folder, variant, tensorflow, bytes } }, text });
    },
  });

const remove = () =>
  command({
    name: 'remove',
    description: 'Deletes what is installed.',
    options: {},
    work: async () => {
      const removed = installedRuntime()?.folder ?? null;
      const { removeRuntime } = await import('../../backend/system/runtime/install.ts');
      await removeRuntime();
      return { result: { removed }, text: removed ? `Removed: ${removed}` : 'No runtime was installed.' };
    },
  });

export function runtimeCommand(): Command {
  const made = new Command('runtime')
    .description('Installs the runtime for NVIDIA GPUs, shows it, removes it.')
    .addHelpText('after', help);
  for (const each of [install, list, remove]) made.addCommand(each());
  return made;
}
