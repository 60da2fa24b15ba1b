import { fault } from '../../../shared/faults/index.ts';
import type { TextTokenizer, TokenizeOptions } from '../../engine/tokenizer/text-tokenizer.ts';
import { command } from '../command.ts';
import { chunks } from '../../engine/data/chunks.ts';
import { readInput, rowsAtOnce, type InputRow } from '../io/input-rows.ts';
import { modelFolder } from '../io/model-folder.ts';
import { writeResults } from '../io/write-results.ts';
import { given } from '../../../shared/fields.ts';
import { choiceOr, option, textOptions } from '../options.ts';

const help = `
Prints a line of JSON for each row, in the order of the input: input_ids, attention_mask and, where the tokenizer
has them, token_type_ids. A folder with only tokenizer files will do as the model.

Examples:
  graft tokenize --model bert-base-uncased --input texts.txt --max-length 128 --padding max_length
  echo "one text" | graft tokenize --model merged --input -`;

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

export const tokenizeCommand = () =>
  command({
    name: 'tokenize',
    description: 'Turns texts into the token ids that the model sees.',
    help,
    options: {
      model: option.model,
      input: option.input,
      output: option.outputFile,
      padding: choiceOr(
        '--padding <P>',
        'none; longest pads to the longest row, max_length to --max-length',
        ['none', 'longest', 'max_length'],
        'none',
      ),
      maxLength: option.maxLength('nothing is cut'),
      ...textOptions,
    },
    work: async (options, context) => {
      const { padding, maxLength } = options;
      const model = await modelFolder(options.model, context);
      const { loadTokenizer } = await import('../../engine/tokenizer/load-tokenizer.ts');
      const tokenizer = await loadTokenizer(model);
      for (const { message, remedy } of tokenizer.notes) context.say(`${message} ${remedy}`);
      const rows = readInput(options, context);
      const results = tokenizeRows(tokenizer, rows, { padding, ...given({ maxLength }) });
      return writeResults(results, options.output, context, 'Tokenising');
    },
  });
