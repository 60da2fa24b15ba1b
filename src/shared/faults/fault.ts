/** What a fault says: the thing first, then what to do about it (SCREENS: "Speech"). */
export interface FaultText {
  message: string;
  remedy: string;
}

/** Where a row stands: `line` for files that have lines, as the file counts them. */
export interface RowPlace {
  file: string;
  row: number;
  line?: number | undefined;
}

/** "Row 1,300 (line 1,301) of train.csv". */
export function rowOf({ file, row, line }: RowPlace): string {
  const count = (n: number) => n.toLocaleString('en-US');
  return `Row ${count(row)}${line === undefined ? '' : ` (line ${count(line)})`} of ${file}`;
}

/** A failure that a person can act on. Anything else that is thrown is a defect of ours. */
export class Fault extends Error {
  readonly code: string;
  readonly remedy: string;

  constructor(code: string, text: FaultText, cause?: unknown) {
    super(text.message, cause === undefined ? undefined : { cause });
    this.name = 'Fault';
    this.code = code;
    this.remedy = text.remedy;
  }

  /** The value that crosses a process border or is printed with `--json`. */
  toJSON(): { code: string; message: string; remedy: string } {
    return { code: this.code, message: this.message, remedy: this.remedy };
  }
}
