import { writeSync } from 'node:fs';
import { Fault } from '../../../shared/faults/index.ts';
import { NativeTokenizer } from './native-tokenizer.ts';
import { questionSchema, type Question } from './tokenizer-messages.ts';

/*
 * Holds native tokenizers and answers questions about them, one at a time. It may end at any moment: whoever asks opens
 * what it needs anew. It ends itself before a text takes more memory than there may be.
 */

/** The last few are kept open. */
const MOST_OPEN = 4;
const open = new Map<string, NativeTokenizer>();

/** Above what it takes before a question: far more than a batch of texts does, which are at most a few megabytes. */
const MOST_MEGABYTES = 1024;
const LOOK_MS = 20;

async function tokenizer(folder: string): Promise<NativeTokenizer> {
  const found = open.get(folder) ?? (await NativeTokenizer.open(folder));
  open.delete(folder);
  open.set(folder, found);
  for (const [oldest] of open) if (open.size > MOST_OPEN) open.delete(oldest);
  return found;
}

async function answer(question: Question): Promise<unknown> {
  const { folder } = question;
  // The files may have changed since.
  if (question.kind === 'open') open.delete(folder);
  const held = await tokenizer(folder);
  switch (question.kind) {
    case 'open':
      return held.opened;
    case 'encode': {
      const { inputs, maxLength, addSpecialTokens } = question;
      return held.encode(inputs, maxLength, { addSpecialTokens });
    }
    case 'words':
      return held.words(question.texts, question.maxLength, question.leadingSpace);
    case 'count':
      return held.count(question.inputs);
    case 'places':
      return held.places(question.input, question.maxLength);
    case 'texts':
      return held.texts(question.ids);
  }
}

/** The library's own threads work while this thread looks. */
async function bounded<Result>(work: () => Promise<Result>): Promise<Result> {
  const most = process.memoryUsage.rss() + MOST_MEGABYTES * 2 ** 20;
  const timer = setInterval(() => {
    if (process.memoryUsage.rss() < most) return;
    writeSync(2, `it takes more than ${MOST_MEGABYTES} MB of memory\n`);
    process.kill(process.pid, 'SIGKILL');
  }, LOOK_MS);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}

process.on('message', (message) => {
  void bounded(() => answer(questionSchema.parse(message))).then(
    (output) => process.send!({ output }),
    (error: unknown) => {
      if (error instanceof Fault) process.send!({ fault: error.toJSON() });
      else process.send!({ reason: error instanceof Error ? error.message : String(error) });
    },
  );
});
process.once('disconnect', () => process.exit(0));
process.send!({ ready: true });
