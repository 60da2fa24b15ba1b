import { command, print, reportFailure } from '../command.ts';
import { flag, hiddenFlag, number, portNumber } from '../options.ts';
import { fstatSync } from 'node:fs';
import { isAlive } from '../../engine/formats/temporary.ts';

const help = `
The address holds a key that is made anew at each start: only who has it gets in. It works on this machine only.
From another machine, forward the port first and open the same address there:
  ssh -L 4737:127.0.0.1:4737 gpu-machine

A second start on the same workspace finds the first and prints its address. Ctrl-C closes; an experiment that runs
keeps a checkpoint and goes on at the next start when it is asked to.`;

export const serveCommand = () =>
  command({
    name: 'serve',
    description: 'Shows the app in a browser of this machine.',
    help,
    lasting: true,
    options: {
      port: number('--port <N>', 'the port on this machine (default: 4737, else a free one)', portNumber),
      closeWithParent: flag('--close-with-parent', 'close when the process that started this one ends'),
      dev: hiddenFlag('--dev', 'build the window from its sources at each reload'),
    },
    /** Resolves when it serves; the process then stays until a signal, or its parent's end, closes it. */
    work: async ({ port, closeWithParent, dev }, { json, workspace, say }) => {
      const [{ serve }, { defaultWorkspaceDir }] = await Promise.all([
        import('../../web/serve.ts'),
        import('../../storage/workspace.ts'),
      ]);
      const dir = workspace ?? defaultWorkspaceDir();
      const serving = await serve({ dir, port, dev, say });
      const { address, port: taken, pid, already } = serving;
      print({ result: { address, port: taken, pid, workspace: dir, already }, text: address }, json);
      if (already) {
        say(`Graft is open on this workspace already (process ${pid}).`);
        return null;
      }
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
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, close);
      if (closeWithParent) watchParent(close);
      return null;
    },
  });

const LOOK_MS = 500;

/**
 * Calls `onGone` once when the process that started this one is gone: its end of our stdin pipe closed, or its id is
 * no longer our parent's.
 */
function watchParent(onGone: () => void): void {
  const parent = process.ppid;
  let told = false;
  const gone = (): void => {
    clearInterval(timer);
    if (!told) onGone();
    told = true;
  };
  const timer = setInterval(() => {
    if (process.ppid !== parent || !isAlive(parent)) gone();
  }, LOOK_MS).unref();
  process.once('disconnect', gone);
  const stdin = fstatSync(0);
  if (stdin.isFIFO() || stdin.isSocket()) {
    process.stdin.once('end', gone);
    process.stdin.resume();
    process.stdin.unref();
  }
}
