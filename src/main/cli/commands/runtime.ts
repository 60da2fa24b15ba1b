import { Argument, Command } from 'commander';
import { installedRuntime, tensorflowVersion } from '../../engine/runtime/installed.ts';
import { runWork, type CommandContext, type Outcome } from '../command.ts';

const help = `
The CPU runtime is inside Graft. With an NVIDIA GPU the CUDA runtime is installed beside it, for this user; it is used
where there is a driver, and GRAFT_RUNTIME=cpu leaves it unused.

Examples:
  graft runtime install graft-runtime-cuda-${tensorflowVersion}-linux-x64.zip
  graft runtime list
  graft runtime remove`;

async function install(source: string, context: CommandContext): Promise<Outcome> {
  const { installRuntime } = await import('../../backend/system/runtime/install.ts');
  const folder = await installRuntime(source, {
    signal: context.signal,
    onProgress: (now) => context.onEvent({ type: 'progress', ...now }),
  });
  return { result: { folder }, text: `Installed: ${folder}` };
}

function list(): Promise<Outcome> {
  const runtime = installedRuntime();
  const result = runtime && {
    folder: runtime.folder,
    variant: runtime.manifest.variant,
    tensorflow: runtime.manifest.tensorflow,
    bytes: runtime.bytes,
  };
  const text = result
    ? `CUDA runtime, TensorFlow ${result.tensorflow}, ${Math.round(result.bytes / 1e6)} MB: ${result.folder}`
    : 'No runtime is installed beside the one inside Graft.';
  return Promise.resolve({ result: { installed: result }, text });
}

async function remove(): Promise<Outcome> {
  const folder = installedRuntime()?.folder ?? null;
  const { removeRuntime } = await import('../../backend/system/runtime/install.ts');
  await removeRuntime();
  return {
    result: { removed: folder },
    text: folder === null ? 'No runtime was installed.' : `Removed: ${folder}`,
  };
}

export function runtimeCommand(): Command {
  // --json is an option of `runtime` itself, wherever it stands.
  const options = (command: Command): Record<string, unknown> => command.optsWithGlobals();
  const source = new Argument(
    '<source>',
    'the archive: a file, or an http(s) address that a .sha256 stands beside',
  );
  return new Command('runtime')
    .description('Installs the runtime for NVIDIA GPUs, shows it, removes it.')
    .addHelpText('after', help)
    .addCommand(
      new Command('install')
        .description('Installs a runtime archive: all of it, or nothing.')
        .addArgument(source)
        .action((given: string, _: object, command: Command) =>
          runWork(options(command), (_options, context) => install(given, context)),
        ),
    )
    .addCommand(
      new Command('list')
        .description('Shows what is installed.')
        .action((_: object, command: Command) => runWork(options(command), list)),
    )
    .addCommand(
      new Command('remove')
        .description('Deletes what is installed.')
        .action((_: object, command: Command) => runWork(options(command), remove)),
    );
}
