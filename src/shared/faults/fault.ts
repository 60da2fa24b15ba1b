/** What a fault says: the thing first, then what to do about it (SCREENS: "Speech"). */
export interface FaultText {
  message: string;
  remedy: string;
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
