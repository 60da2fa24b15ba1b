import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { Argument } from 'commander';
import { z } from 'zod';
import { taskOf } from '../../../shared/tasks/index.ts';
import { fault } from '../../../shared/faults/index.ts';
import { restoreFolder } from '../../engine/formats/atomic.ts';
import { readFault } from '../../engine/formats/file-faults.ts';
import { command, print, reportFailure, type CommandContext } from '../command.ts';
import { baseFolder } from '../io/model-folder.ts';
import { number, portNumber, text } from '../options.ts';

const help = `
Answers programs of this machine until Ctrl-C:
  POST /predict  {"texts": ["a text", ["first of a pair", "second"]]} or {"text": "a text"}
                 -> {"predictions": [{"label", "score", "scores": {label: probability}, "cut"}]}
  GET /health    whether it runs
  GET /          the schema and an example

Requests that come together are answered in one batch. At most 256 texts and 1 MB a request; when too many wait, 429.

Example:
  graft serve-model merged --port 8080
  curl -s http://127.0.0.1:8080/predict -H 'content-type: application/json' -d '{"text": "Call now to claim"}'`;

const USUAL_PORT = 4747;

const answeredSchema = z.object({
  task: z.string(),
  labels: z.array(z.string()),
  maxLength: z.number(),
  answers: z.array(z.looseObject({ cut: z.boolean() })),
});

/** Resolves when it was ended by a signal and all that was asked is answered. */
async function run(
  dir: string,
  { port: wanted = USUAL_PORT, model }: { port: number | undefined; model: string | undefined },
  context: CommandContext,
): Promise<void> {
  const folder = path.resolve(dir);
  await restoreFolder(folder);
  const source = { kind: 'export' as const, folder, base: await baseOf(folder, model, context) };
  const [{ AnswerEngine }, { webHost }, { startModelServer }, { prediction }] = await Promise.all([
    import('../../backend/playground/answer-engine.ts'),
    import('../../web/web-host.ts'),
    import('../../engine/serving/model-server.ts'),
    import('../../engine/serving/answers.ts'),
  ]);
  const engine = new AnswerEngine(webHost('cli'), null);
  try {
    const answer = async (texts: readonly { text: string; textPair?: string }[]) => {
      const asked = texts.map(({ text, textPair = null }) => ({ text, textPair }));
      return answeredSchema.parse(await engine.ask({ type: 'answer', source, texts: asked }));
    };
    context.say('Loading the model');
    // Loads it, and says at once if it cannot be loaded.
    const { task, labels, maxLength } = await answer([{ text: 'A text' }]);
    const server = await startModelServer({
      name: path.basename(folder),
      labels,
      maxLength,
      port: wanted,
      predict: async (texts) =>
        (await answer(texts)).answers.map((answered) =>
          prediction(taskOf(task), answered, labels, answered.cut),
        ),
    }).catch((error: unknown) => {
      const reason = error instanceof Error ? error.message : String(error);
      throw fault('hosts/port', { port: wanted, reason }, error);
    });
    const address = `http://127.0.0.1:${server.port}`;
    print({ result: { address, port: server.port, labels }, text: address }, context.json);
    context.say(`Answers POST ${address}/predict. Ctrl-C ends.`);
    if (!context.signal.aborted) await once(context.signal, 'abort');
    await server.close();
  } finally {
    await engine.close();
  }
}

const isModel = (folder: string): boolean =>
  ['adapter_config.json', 'config.json', 'saved_model.pb'].some((name) =>
    existsSync(path.join(folder, name)),
  );

/** The base model of a folder that holds an adapter; null for what answers by itself. Throws `serving/…`, `export/base-needed`. */
async function baseOf(
  folder: string,
  model: string | undefined,
  context: CommandContext,
): Promise<string | null> {
  if (!isModel(folder)) {
    const names = await readdir(folder).catch((error: unknown) => {
      throw readFault(folder, error);
    });
    const inside = names.map((name) => path.join(folder, name)).filter(isModel);
    throw inside.length === 0
      ? fault('serving/nothing', { folder })
      : fault('serving/several', { folder, inside });
  }
  if (!existsSync(path.join(folder, 'adapter_config.json'))) return null;
  return baseFolder(folder, model, context);
}

export const serveModelCommand = () =>
  command({
    name: 'serve-model',
    description: 'Lets programs of this machine ask a model over HTTP.',
    help,
    lasting: true,
    argument: new Argument('<dir>', 'the folder of an export (hf, onnx, savedmodel, peft) or of a run'),
    options: {
      port: number(
        '--port <N>',
        `the port on this machine (default: ${USUAL_PORT}; 0 takes a free one)`,
        portNumber,
      ),
      model: text('--model <M>', 'the base model, for a folder that holds an adapter'),
    },
    work: async (options, context, dir) => {
      const ending = new AbortController();
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
        // A second one ends at once.
        process.on(signal, () => (ending.signal.aborted ? process.exit(1) : ending.abort()));
      try {
        await run(dir, options, { ...context, signal: ending.signal, onEvent: () => undefined });
        process.exit(0);
      } catch (error) {
        reportFailure(error, context.json);
        process.exit(process.exitCode);
      }
    },
  });
