import { Command, Option } from 'commander';
import { z } from 'zod';
import { fault } from '../../../shared/faults/index.ts';
import type { TextTokenizer, TokenizeOptions } from '../../engine/tokenizer/text-tokenizer.ts';
import { setWork, type Work } from '../command.ts';
import { chunks } from '../io/chunks.ts';
import { readInput, type InputRow } from '../io/input-rows.ts';
import { modelFolder } from '../io/model-folder.ts';
import { writeResults } from '../io/write-results.ts';
import { option, optionValue } from '../options.ts';

const help = `
Prints a line of JSON for each row, in the order of the input: input_ids, attention_mask and, where the tokenizer
has them, token_type_ids. A folder with only tokenizer files will do as the model.

Examples:
  graft tokenize --model bert-base-uncased --input texts.txt --max-length 128 --padding max_length
  echo "one text" | graft tokenize --model merged --input -`;

const values = z.object({
  model: optionValue.model,
  input: optionValue.input,
  output: optionValue.output.optional(),
  textColumn: optionValue.textColumn,
  encoding: optionValue.encoding,
  textPairColumn: optionValue.textPairColumn,
  maxLength: optionValue.maxLength,
  padding: z.enum(['none', 'longest', 'max_length']),
});

const rowsAtOnce = 1024;

/** The line of each row, an array a batch. */
async function* tokenizeRows(
  tokenizer: TextTokenizer,
  rows: AsyncIterable<InputRow>,
  options: TokenizeOptions,
): AsyncGenerator<object[]> {
  // The longest of all rows is known only when all are read.
  for await (const batch of chunks(rows, options.padding === 'longest' ? Infinity : rowsAtOnce)) {
    const done = batch.find((row) => row.tokens !== undefined);
    if (done !== undefined) throw fault('cli/already-tokenized', done);
    const encoded = await tokenizer.encode(batch, options);
    yield encoded.map((ids) => ({
      input_ids: Array.from(ids.inputIds),
      attention_mask: Array.from(ids.attentionMask),
      ...(ids.tokenTypeIds && { token_type_ids: Array.from(ids.tokenTypeIds) }),
    }));
  }
}

const work: Work = async (given, context) => {
  const options = values.parse(given);
  const model = await modelFolder(options.model, context);
  const { loadTokenizer } = await import('../../engine/tokenizer/load-tokenizer.ts');
  const tokenizer = await loadTokenizer(model);
  for (const { message, remedy } of tokenizer.notes) context.say(`${message} ${remedy}`);
  const rows = readInput({ ...options, signal: context.signal, say: context.say });
  const results = tokenizeRows(tokenizer, rows, {
    padding: options.padding,
    ...(options.maxLength !== undefined && { maxLength: options.maxLength }),
  });
  return writeResults(results, options.output, context, 'Tokenising');
};

export function tokenizeCommand(): Command {
  const command = new Command('tokenize')
    .description('Turns texts into the token ids that the model sees.')
    .addOption(option.model())
    .addOption(option.input())
    .addOption(option.outputFile())
    .addOption(
      new Option('--padding <P>', 'none; longest pads to the longest row, max_length to --max-length')
        .choices(['none', 'longest', 'max_length'])
        .default('none'),
    )
    .addOption(option.maxLength('nothing is cut'))
    .addOption(option.textColumn())
    .addOption(option.encoding())
    .addOption(option.textPairColumn())
    .addHelpText('after', help);
  return setWork(command, work);
}
