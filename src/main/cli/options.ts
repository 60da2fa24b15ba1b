import { InvalidArgumentError, Option } from 'commander';
import { z } from 'zod';
import { precisions } from '../../shared/settings/training.ts';

/** An option as commander shows and reads it, and the type of its value. */
export interface DescribedOption<Value = unknown> {
  /** New ones at each call, as commander wants. */
  make(): Option[];
  value: z.ZodType<Value>;
}
export type OptionSet = Record<string, DescribedOption>;
/** What commander hands over of a set, checked. */
export type ValuesOf<Set extends OptionSet> = { [Name in keyof Set]: z.output<Set[Name]['value']> };

function described<Value>(
  flags: string,
  help: string,
  value: z.ZodType<Value>,
  adjust: (option: Option) => Option = (option) => option,
): DescribedOption<Value> {
  return { make: () => [adjust(new Option(flags, help))], value };
}

export const text = (flags: string, help: string) => described(flags, help, z.string().optional());
export const required = (flags: string, help: string) =>
  described(flags, help, z.string(), (option) => option.makeOptionMandatory());
const defaulted = (flags: string, help: string, usual: string) =>
  described(flags, help, z.string(), (option) => option.default(usual));
export const flag = (flags: string, help: string) => described(flags, help, z.boolean().default(false));
export const hiddenFlag = (flags: string, help: string) =>
  described(flags, help, z.boolean().default(false), (option) => option.hideHelp());
/** On, off, or not said. */
export const toggle = (
  on: readonly [flags: string, help: string],
  off: readonly [flags: string, help: string],
): DescribedOption<boolean | undefined> => ({
  make: () => [new Option(...on), new Option(...off).default(undefined)],
  value: z.boolean().optional(),
});
export const number = (flags: string, help: string, read: (text: string) => number, usual?: number) =>
  described(flags, help, z.number().optional(), (option) => option.argParser(read).default(usual));
/** One of several; undefined where none is given. */
export const choice = <const Choice extends string>(flags: string, help: string, of: readonly Choice[]) =>
  described(flags, help, z.enum(of).optional(), (option) => option.choices(of));
export const choiceOr = <const Choice extends string>(
  flags: string,
  help: string,
  of: readonly Choice[],
  usual: Choice,
) => described(flags, help, z.enum(of), (option) => option.choices(of).default(usual));
/** Each value, however it was given, is added to those before. */
export const collected = <Value extends string>(
  flags: string,
  help: string,
  add: (value: string, before: Value[] | undefined) => Value[],
  adjust: (option: Option) => Option = (option) => option,
): DescribedOption<Value[]> =>
  described(flags, help, z.custom<Value[]>(Array.isArray).default([]), (option) =>
    adjust(option.argParser(add)),
  );

function positiveInteger(given: string): number {
  const value = Number(given);
  if (!Number.isSafeInteger(value) || value < 1)
    throw new InvalidArgumentError('It takes a whole number, 1 or more.');
  return value;
}

export function portNumber(given: string): number {
  const port = Number(given);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new InvalidArgumentError('It takes a port number, 0 to 65535; 0 takes a free one.');
  return port;
}

/** What every command reads rows from. */
export const dataFormats =
  '.csv, .tsv, .jsonl, .json, .xlsx, .parquet, .txt (also fastText), or a folder with one folder of text files a class';

export const poolings = ['mean', 'cls'] as const;
const leavingOut = ['refuse', 'leave_out'] as const;

const adapterHelp = 'the folder of a trained adapter (adapter_config.json beside its weights)';

/** The options that several commands share. */
export const option = {
  model: required('--model <M>', 'the model: a folder, or a hub id such as org/name'),
  adapter: text('--adapter <A>', adapterHelp),
  requiredAdapter: required('--adapter <A>', adapterHelp),
  input: required(
    '--input <FILE>',
    'the texts: .jsonl, .json, .csv, .tsv, .xlsx, .txt (a text a line), .parquet; - reads JSON Lines or lines from stdin',
  ),
  outputFile: text('--output <FILE>', 'write the JSON Lines to FILE instead of stdout'),
  config: required('--config <FILE>', 'the experiment, as JSON or YAML'),
  textColumn: defaulted('--text-column <NAME>', 'the column with the text', 'text'),
  textPairColumn: text(
    '--text-pair-column <NAME>',
    'the column with the second text of a pair (text_pair, where there is one)',
  ),
  labelColumn: defaulted('--label-column <NAME>', 'the column with the true class', 'label'),
  encoding: text(
    '--encoding <NAME>',
    'of a text file that is not UTF-8, such as windows-1251 or gb18030 (default: found by itself)',
  ),
  textColumns: described(
    '--text-columns <NAMES>',
    'several columns as one text, parted by commas, in place of --text-column',
    z.array(z.string().min(1)).optional(),
    (made) => made.argParser((names: string) => names.split(',').map((name) => name.trim())),
  ),
  labelMap: text(
    '--label-map <MAP>',
    'the class that each label value becomes, as JSON or a .json file ({"1": "negative"}; null: leave such rows out), or "proposed": as inspect --data says',
  ),
  emptyLabels: choiceOr('--empty-labels <WHAT>', 'rows without a label', leavingOut, 'refuse'),
  raggedRows: choiceOr('--ragged-rows <WHAT>', 'rows with too few or too many fields', leavingOut, 'refuse'),
  maxLength: (otherwise = "the model's limit") =>
    number('--max-length <N>', `tokens after which a text is cut (default: ${otherwise})`, positiveInteger),
  batchSize: number(
    '--batch-size <N>',
    'rows a batch; more need more memory, results stay the same',
    positiveInteger,
  ),
  precision: choiceOr('--precision <P>', 'of matrix products; the default fp32 is exact', precisions, 'fp32'),
  outputDir: text('--output <DIR>', 'the folder to write'),
  requiredOutputDir: required('--output <DIR>', 'the folder to write'),
  overwrite: flag('--overwrite', 'replace the output folder when it exists'),
  verify: text('--verify <FILE>', 'a file of texts on which the written model must answer as before'),
  json: flag('--json', 'print one JSON object on stdout and nothing else'),
  workspace: text(
    '--workspace <DIR>',
    "the folder of the app's data: train records its run there, and writes there when no output is named",
  ),
};

/** What texts are read from, and their columns. */
export const textOptions = {
  textColumn: option.textColumn,
  encoding: option.encoding,
  textPairColumn: option.textPairColumn,
};
export const speedOptions = {
  maxLength: option.maxLength(),
  batchSize: option.batchSize,
  precision: option.precision,
};
