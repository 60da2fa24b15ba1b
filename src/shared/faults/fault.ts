/** What a fault says: the thing first, then what to do about it (SCREENS: "Speech"). */
export interface FaultText {
  message: string;
  remedy: string;
}

/**
 * A text of the catalogue: the message on the first line, the remedy on the second, with holes that parameters fill:
 * `{name}`, `{rows:n}` in one of the `formats`, `{rows:row|rows}` by a number, `{ROW}` as one of the `phrases`. Or a
 * function, where what is said depends on more than that.
 */
export type Catalogue = Record<string, string | ((p: never) => FaultText)>;

/** Where a row stands: `line` for files that have lines, as the file counts them. */
export interface RowOrigin {
  file: string;
  row: number;
  line?: number | undefined;
}

/** What was asked of a hub, and which hub. */
export interface HubRequest {
  endpoint: string;
  kind: 'model' | 'data set' | 'search';
  /** Of a search: its words. */
  id: string;
}

export const count = (n: number): string => n.toLocaleString('en-US');
const quotes = (names: readonly string[]): string => names.map((name) => `"${name}"`).join(', ');
const shortHash = (digits: number) => (hash: string) => `${hash.slice(0, digits)}…`;

/** How one parameter is written. */
export const formats = {
  n: count,
  list: (items: readonly (string | number)[]) => items.join(', '),
  and: (items: readonly (string | number)[]) => items.join(' and '),
  sentences: (items: readonly string[]) => items.join(' '),
  count: (items: readonly unknown[]) => String(items.length),
  quotes,
  /** At most 20 names in quotes, then how many more there are. */
  quoted: (names: readonly string[]) =>
    quotes(names.slice(0, 20)) + (names.length > 20 ? ` and ${count(names.length - 20)} more` : ''),
  json: (value: unknown) => JSON.stringify(value),
  /** The last number of so many that start at 0. */
  last: (size: number) => String(size - 1),
  next: (n: number) => String(n + 1),
  percent: (share: number) => (share * 100).toFixed(1),
  MB: (bytes: number) => `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`,
  MiB: (bytes: number) => String(bytes / 2 ** 20),
  hash: shortHash(8),
  hash12: shortHash(12),
  atStep: (step: number) => (step === 0 ? 'before its first step' : `at step ${step}`),
  /** What resuming does, by the step of the last checkpoint. */
  goOn: (checkpoint: number | null) =>
    checkpoint === null
      ? 'Resume starts it again from its first step: there is no checkpoint yet.'
      : `Resume goes on from its checkpoint of step ${checkpoint}; the result is the same as without the break.`,
  kept: (checkpoint: number) => (checkpoint > 0 ? `The checkpoint of step ${checkpoint} is kept. ` : ''),
  readings: (readings: readonly { encoding: string; text: string }[]) =>
    readings.map(({ encoding, text }) => `"${text}" as ${encoding}`).join(', '),
  wait: (seconds: number | null) =>
    seconds === null
      ? 'a few minutes'
      : seconds < 90
        ? `${Math.ceil(seconds)} s`
        : `${Math.ceil(seconds / 60)} min`,
  noFolder: (kind: HubRequest['kind']) => (kind === 'model' ? ', and there is no folder of that name' : ''),
  ownCopies: (kind: HubRequest['kind']) =>
    kind === 'data set' ? 'import the data from files' : 'give the path of a folder that holds the model',
};
type Formats = typeof formats;

/** What is made of several parameters. */
export const phrases = {
  /** "Row 1,300 (line 1,301) of train.csv". */
  ROW: ({ file, row, line }: RowOrigin) =>
    `Row ${count(row)}${line === undefined ? '' : ` (line ${count(line)})`} of ${file}`,
  ASKED: ({ kind, id }: HubRequest) => (kind === 'search' ? `the search for "${id}"` : `the ${kind} ${id}`),
  PAGE: ({ endpoint, kind, id }: HubRequest) =>
    `${endpoint}/${kind === 'data set' ? 'datasets/' : ''}${id.split('@')[0]!}`,
};
type Phrases = typeof phrases;

type Parameter<Hole extends string> = Hole extends `"${string}`
  ? unknown
  : Hole extends keyof Phrases
    ? Parameters<Phrases[Hole]>[0]
    : Hole extends `${infer Name}:${infer Format}`
      ? Record<
          Name,
          Format extends keyof Formats ? Parameters<Formats[Format]>[0] : number | readonly unknown[]
        >
      : Record<Hole, string | number>;

/** The parameters that a text of the catalogue asks for. */
export type ParametersOf<Text> = Text extends (p: infer Given) => FaultText
  ? Given
  : Text extends `${string}{${infer Hole}}${infer Rest}`
    ? Parameter<Hole> & ParametersOf<Rest>
    : object;

/** A text of the catalogue with its holes filled. */
export function filled(text: string, parameters: object): FaultText {
  const values = parameters as Record<string, unknown>;
  const fill = (line: string): string =>
    line.trim().replace(/\{(\w+)(?::([^}]+))?\}/g, (_, name: string, format?: string) => {
      if (Object.hasOwn(phrases, name)) return phrases[name as keyof Phrases](values as never);
      const value = values[name];
      if (format === undefined) return String(value);
      if (Object.hasOwn(formats, format)) return formats[format as keyof Formats](value as never);
      const [singular = '', plural = ''] = format.split('|');
      return (Array.isArray(value) ? value.length : value) === 1 ? singular : plural;
    });
  const end = text.indexOf('\n');
  return { message: fill(text.slice(0, end)), remedy: fill(text.slice(end)) };
}

/** A failure that a person can act on. Anything else that is thrown is a defect of ours. */
export class Fault extends Error {
  readonly code: string;
  readonly remedy: string;
  /** What the text was filled with, for who answers a fault of the same process. */
  readonly parameters: Readonly<Record<string, unknown>>;

  constructor(code: string, text: FaultText, cause?: unknown, parameters: object = {}) {
    super(text.message, cause === undefined ? undefined : { cause });
    this.name = 'Fault';
    this.code = code;
    this.remedy = text.remedy;
    this.parameters = { ...parameters };
  }

  /** The value that crosses a process border or is printed with `--json`. */
  toJSON(): { code: string; message: string; remedy: string } {
    return { code: this.code, message: this.message, remedy: this.remedy };
  }
}
