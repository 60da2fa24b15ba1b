import type { Catalogue } from './fault.ts';

export const cliFaults = {
  'cli/label-map': `--label-map {given} is not a map of label values.
    Give JSON such as {"1": "negative", "2": "negative", "nan": null}, a .json file with it, or "proposed".`,
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
        ? `Take it out. Settings there are: ${p.known.join(', ')}.`
        : `Did you mean ${p.nearest}?`,
  }),
  'settings/unsupported': `{source}: {path} {value} is not supported.
    {remedy}`,
  'settings/later': (p: { source: string; path: string; value: string; now: readonly string[] }) => ({
    message: `${p.source}: ${p.path} "${p.value}" comes later; this version cannot do it.`,
    remedy: `Use ${p.now.map((name) => `"${name}"`).join(' or ')}.`,
  }),
  'settings/required': `{source}: {path} is missing.
    Add it to the config, or pass --set {path}={example}.`,
  'settings/value': `{source}: {path} is {value}; it takes {expected}.
    Change it or take it out. {help}`,
  'settings/conflict': (p: {
    source: string;
    /** Paths of two settings, each with what is said of it. */
    first: readonly [path: string, what?: string];
    second: readonly [path: string, what?: string];
    reason: string;
    remedy: string;
  }) => ({
    message: `${p.source}: ${p.first.join(' ')} does not go with ${p.second.join(' ')}: ${p.reason}.`,
    remedy: p.remedy,
  }),
  'cli/usage': (p: { message: string }) => ({
    message: `${p.message.charAt(0).toUpperCase()}${p.message.slice(1).replace(/\.$/, '')}.`,
    remedy: 'Options and examples: graft --help, graft <command> --help.',
  }),
  'cli/set': `--set {assignment} is not of the form path=value.
    Write it as --set training.learning_rate=1e-3; the value is JSON or a text.`,
  'cli/set-inside': `--set {assignment} cannot be applied: "{key}" in the config is not an object.
    Set the whole value instead, as JSON.`,
  'cli/usage-output': `{config} names no output folder.
    Add output_dir to it, or pass --output DIR.`,
  'cli/config-syntax': `{file} is not well-formed: {reason}.
    Correct the file there. A config is JSON (.json) or YAML (.yaml).`,
  'cli/stdin-encoding': `Line {line} of stdin, or one soon after it, is not UTF-8.
    Convert it first (for example with iconv), or pass the file by name: other encodings are detected there.`,
  'cli/no-text': `{ROW} has no text in column "{column}".
    Name the right column with --text-column, or fill it. Columns of the row: {columns:list}.`,
  'cli/already-tokenized': `{ROW} holds input_ids: it is tokenised already.
    Give the text column only.`,
  'cli/stopped': (p: { rows?: number }) => ({
    message: p.rows === undefined ? 'Stopped.' : `Stopped after ${p.rows} rows.`,
    remedy: 'Start the command again to do the rest.',
  }),
  'cli/demo-checkpoint': `The demo needs the folder of a checkpoint; it was given {given}.
    Start it with npm run demo, which gets the checkpoint.`,
  'cli/defect': `Graft failed in a way that it should not: {reason}
    This is a defect. Run the command again with GRAFT_DEBUG=1 and report what it prints.`,
} as const satisfies Catalogue;
