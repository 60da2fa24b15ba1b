import { InvalidArgumentError, Option } from 'commander';
import { z } from 'zod';
import { precisions } from '../../shared/settings/training.ts';

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1)
    throw new InvalidArgumentError('It takes a whole number, 1 or more.');
  return value;
}

export function portNumber(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new InvalidArgumentError('It takes a port number, 0 to 65535; 0 takes a free one.');
  return port;
}

/** What every command reads rows from. */
export const dataFormats =
  '.csv, .tsv, .jsonl, .json, .xlsx, .parquet, .txt (also fastText), or a folder with one folder of text files a class';

/** The options that several commands share; each call makes a new one, as commander wants. */
export const option = {
  model: () =>
    new Option('--model <M>', 'the model: a folder, or a hub id such as org/name').makeOptionMandatory(),
  adapter: () =>
    new Option('--adapter <A>', 'the folder of a trained adapter (adapter_config.json beside its weights)'),
  input: () =>
    new Option(
      '--input <FILE>',
      'the texts: .jsonl, .json, .csv, .tsv, .xlsx, .txt (a text a line), .parquet; - reads JSON Lines or lines from stdin',
    ).makeOptionMandatory(),
  outputFile: () => new Option('--output <FILE>', 'write the JSON Lines to FILE instead of stdout'),
  textColumn: () => new Option('--text-column <NAME>', 'the column with the text').default('text'),
  textPairColumn: () =>
    new Option(
      '--text-pair-column <NAME>',
      'the column with the second text of a pair (text_pair, where there is one)',
    ),
  labelColumn: () => new Option('--label-column <NAME>', 'the column with the true class').default('label'),
  encoding: () =>
    new Option(
      '--encoding <NAME>',
      'of a text file that is not UTF-8, such as windows-1251 or gb18030 (default: found by itself)',
    ),
  textColumns: () =>
    new Option(
      '--text-columns <NAMES>',
      'several columns as one text, parted by commas, in place of --text-column',
    ).argParser((text: string) => text.split(',').map((name) => name.trim())),
  labelMap: () =>
    new Option(
      '--label-map <MAP>',
      'the class that each label value becomes, as JSON or a .json file ({"1": "negative"}; null: leave such rows out), or "proposed": as inspect --data says',
    ),
  emptyLabels: () =>
    new Option('--empty-labels <WHAT>', 'rows without a label')
      .choices(['refuse', 'leave_out'])
      .default('refuse'),
  raggedRows: () =>
    new Option('--ragged-rows <WHAT>', 'rows with too few or too many fields')
      .choices(['refuse', 'leave_out'])
      .default('refuse'),
  maxLength: (otherwise = "the model's limit") =>
    new Option('--max-length <N>', `tokens after which a text is cut (default: ${otherwise})`).argParser(
      wholeNumber,
    ),
  batchSize: () =>
    new Option('--batch-size <N>', 'rows a batch; more need more memory, results stay the same').argParser(
      wholeNumber,
    ),
  precision: () =>
    new Option('--precision <P>', 'of matrix products; the default fp32 is exact')
      .choices(precisions)
      .default('fp32'),
  outputDir: () => new Option('--output <DIR>', 'the folder to write'),
  overwrite: () => new Option('--overwrite', 'replace the output folder when it exists'),
  verify: () =>
    new Option('--verify <FILE>', 'a file of texts on which the written model must answer as before'),
  json: () => new Option('--json', 'print one JSON object on stdout and nothing else'),
  workspace: () =>
    new Option(
      '--workspace <DIR>',
      "the folder of the app's data: train records its run there, and writes there when no output is named",
    ),
};

/** The values of those options as commander hands them over. */
export const optionValue = {
  model: z.string(),
  adapter: z.string().optional(),
  input: z.string(),
  output: z.string(),
  textColumn: z.string(),
  textPairColumn: z.string().optional(),
  labelColumn: z.string(),
  encoding: z.string().optional(),
  textColumns: z.array(z.string().min(1)).optional(),
  labelMap: z.string().optional(),
  emptyLabels: z.enum(['refuse', 'leave_out']),
  raggedRows: z.enum(['refuse', 'leave_out']),
  maxLength: z.number().optional(),
  batchSize: z.number().optional(),
  precision: z.enum(precisions),
  overwrite: z.boolean().default(false),
  verify: z.string().optional(),
  workspace: z.string().optional(),
};
