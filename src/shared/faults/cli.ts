import { rowOf, type FaultText, type RowPlace } from './fault.ts';

const list = (names: readonly string[]) => names.join(', ');

export const cliFaults = {
  'cli/label-map': (p: { given: string }) => ({
    message: `--label-map ${p.given} is not a map of label values.`,
    remedy:
      'Give JSON such as {"1": "negative", "2": "negative", "nan": null}, a .json file with it, or "proposed".',
  }),
  'settings/not-an-object': (p: { source: string; path: string | null }) => ({
    message: `${p.source}: ${p.path ?? 'the config'} is not an object with named fields.`,
    remedy:
      p.path === null
        ? 'A config is one JSON or YAML object with model, data, adapter and training; `graft train --help` shows one.'
        : `Write ${p.path} as an object: {"name": value, …}.`,
  }),
  'settings/unknown': (p: {
    source: string;
    path: string;
    nearest: string | null;
    known: readonly string[];
  }) => ({
    message: `${p.source}: ${p.path} is not a setting.`,
    remedy:
      p.nearest === null
        ? `Take it out. Settings there are: ${list(p.known)}.`
        : `Did you mean ${p.nearest}?`,
  }),
  'settings/unsupported': (p: { source: string; path: string; value: string; remedy: string }) => ({
    message: `${p.source}: ${p.path} ${p.value} is not supported.`,
    remedy: p.remedy,
  }),
  'settings/later': (p: { source: string; path: string; value: string; now: readonly string[] }) => ({
    message: `${p.source}: ${p.path} "${p.value}" comes later; this version cannot do it.`,
    remedy: `Use ${p.now.map((one) => `"${one}"`).join(' or ')}.`,
  }),
  'settings/required': (p: { source: string; path: string; example: string }) => ({
    message: `${p.source}: ${p.path} is missing.`,
    remedy: `Add it to the config, or pass --set ${p.path}=${p.example}.`,
  }),
  'settings/value': (p: { source: string; path: string; value: string; expected: string; help: string }) => ({
    message: `${p.source}: ${p.path} is ${p.value}; it takes ${p.expected}.`,
    remedy: `Change it or take it out. ${p.help}`,
  }),
  'settings/conflict': (p: {
    source: string;
    first: string;
    second: string;
    reason: string;
    remedy: string;
  }) => ({
    message: `${p.source}: ${p.first} does not go with ${p.second}: ${p.reason}.`,
    remedy: p.remedy,
  }),
  'cli/usage': (p: { message: string }) => ({
    message: `${p.message.charAt(0).toUpperCase()}${p.message.slice(1).replace(/\.$/, '')}.`,
    remedy: 'Options and examples: graft --help, graft <command> --help.',
  }),
  'cli/set': (p: { assignment: string }) => ({
    message: `--set ${p.assignment} is not of the form path=value.`,
    remedy: 'Write it as --set training.learning_rate=1e-3; the value is JSON or a text.',
  }),
  'cli/set-inside': (p: { assignment: string; key: string }) => ({
    message: `--set ${p.assignment} cannot be applied: "${p.key}" in the config is not an object.`,
    remedy: 'Set the whole value instead, as JSON.',
  }),
  'cli/usage-output': (p: { config: string }) => ({
    message: `${p.config} names no output folder.`,
    remedy: 'Add output_dir to it, or pass --output DIR.',
  }),
  'cli/config-syntax': (p: { file: string; reason: string }) => ({
    message: `${p.file} is not well-formed: ${p.reason}.`,
    remedy: 'Correct the file there. A config is JSON (.json) or YAML (.yaml).',
  }),
  'cli/stdin-encoding': (p: { line: number }) => ({
    message: `Line ${p.line} of stdin, or one soon after it, is not UTF-8.`,
    remedy:
      'Convert it first (for example with iconv), or pass the file by name: other encodings are detected there.',
  }),
  'cli/no-text': (p: RowPlace & { column: string; columns: readonly string[] }) => ({
    message: `${rowOf(p)} has no text in column "${p.column}".`,
    remedy: `Name the right column with --text-column, or fill it. Columns of the row: ${list(p.columns)}.`,
  }),
  'cli/already-tokenized': (p: RowPlace) => ({
    message: `${rowOf(p)} holds input_ids: it is tokenised already.`,
    remedy: 'Give the text column only.',
  }),
  'cli/stopped': (p: { rows?: number }) => ({
    message: p.rows === undefined ? 'Stopped.' : `Stopped after ${p.rows} rows.`,
    remedy: 'Start the command again to do the rest.',
  }),
  'cli/demo-checkpoint': (p: { given: string }) => ({
    message: `The demo needs the folder of a checkpoint; it was given ${p.given}.`,
    remedy: 'Start it with npm run demo, which gets the checkpoint.',
  }),
  'cli/defect': (p: { reason: string }) => ({
    message: `Graft failed in a way that it should not: ${p.reason}`,
    remedy: 'This is a defect. Run the command again with GRAFT_DEBUG=1 and report what it prints.',
  }),
} satisfies Record<string, (p: never) => FaultText>;
