import { Command, Option } from 'commander';
import { z } from 'zod';
import { reportFailure } from '../command.ts';
import { optionValue, portNumber } from '../options.ts';

const help = `
The address holds a key that is made anew at each start: only who has it gets in. It works on this machine only.
From another machine, forward the port first and open the same address there:
  ssh -L 4737:127.0.0.1:4737 gpu-machine

A second start on the same workspace finds the first and prints its address. Ctrl-C closes; an experiment that runs
keeps a checkpoint and goes on at the next start when it is asked to.`;

const optionsSchema = z.object({
  port: z.number().optional(),
  workspace: optionValue.workspace,
  closeWithParent: z.boolean().default(false),
  dev: z.boolean().default(false),
  json: z.boolean().default(false),
});

export function serveCommand(): Command {
  return new Command('serve')
    .description('Shows the app in a browser of this machine.')
    .addOption(
      new Option('--port <N>', 'the port on this machine (default: 4737, else a free one)').argParser(
        portNumber,
      ),
    )
    .addOption(new Option('--close-with-parent', 'close when the process that started this one ends'))
    .addOption(new Option('--dev', 'build the window from its sources at each reload').hideHelp())
    .addHelpText('after', help)
    .action(async (given: Record<string, unknown>) => {
      const options = optionsSchema.parse(given);
      try {
        await run(options);
      } catch (error) {
        reportFailure(error, options.json);
      }
    });
}

/** Resolves when it serves; the process then stays until a signal, or its parent's end, closes it. */
async function run({
  port,
  workspace,
  closeWithParent,
  dev,
  json,
}: z.infer<typeof optionsSchema>): Promise<void> {
  const say = (message: string): void => void process.stderr.write(`${message}\n`);
  const [{ serve }, { watchParent }, { defaultWorkspaceDir }] = await Promise.all([
    import('../../web/serve.ts'),
    import('../../web/parent.ts'),
    import('../../storage/workspace.ts'),
  ]);
  const dir = workspace ?? defaultWorkspaceDir();
  const serving = await serve({ dir, port, dev, say });
  const { address, pid, already } = serving;
  if (json)
    process.stdout.write(
      `${JSON.stringify({ address, port: serving.port, pid, workspace: dir, already })}\n`,
    );
  else process.stdout.write(`${address}\n`);
  if (already) return say(`Graft is open on this workspace already (process ${pid}).`);
  say(`Open the address in a browser. Ctrl-C closes. Ready after ${Math.round(performance.now())} ms.`);

  let closing = false;
  const close = (): void => {
    // A second signal ends at once: what is lost then is no more than after a crash.
    if (closing) process.exit(1);
    closing = true;
    serving.close().then(
      () => process.exit(0),
      (error: unknown) => {
        reportFailure(error, false);
        process.exit(1);
      },
    );
  };
  process.on('SIGINT', close);
  process.on('SIGTERM', close);
  process.on('SIGHUP', close);
  if (closeWithParent) watchParent(close);
}
