import type { Preview } from '../../../shared/contract/datasets.ts';
import type { FaultValue } from '../../../shared/contract/message.ts';
import type { Answerer } from '../../../shared/contract/playground.ts';
import { faultOf } from '../../../shared/rpc-client.ts';
import { PreviewLook } from '../../managers/preview-look.ts';
import type { Rpc } from '../../rpc.ts';

export const formats = [
  { value: 'csv', label: 'CSV' },
  { value: 'jsonl', label: 'JSON Lines' },
  { value: 'parquet', label: 'Parquet' },
] as const;
export type Format = (typeof formats)[number]['value'];

/** A file in, a file out: which file, which column, and where the answers go. */
export class BatchManager {
  readonly #rpc: Rpc;
  readonly #look: PreviewLook;
  #input = $state<string | null>(null);
  #preview = $state.raw<Preview | null>(null);
  #fault = $state.raw<FaultValue | null>(null);
  #looking = $state(false);
  #starting = $state(false);
  #format = $state<Format>('csv');
  textColumn = $state('');
  /** Empty: none. */
  textPairColumn = $state('');
  output = $state('');
  #asked = 0;

  constructor(rpc: Rpc) {
    this.#rpc = rpc;
    this.#look = new PreviewLook(rpc);
  }

  get input(): string | null {
    return this.#input;
  }
  get preview(): Preview | null {
    return this.#preview;
  }
  get fault(): FaultValue | null {
    return this.#fault;
  }
  get looking(): boolean {
    return this.#looking;
  }
  get starting(): boolean {
    return this.#starting;
  }
  get format(): Format {
    return this.#format;
  }
  /** Whether all is said that has to be. */
  get isReady(): boolean {
    return this.#preview !== null && this.textColumn !== '' && this.output.trim() !== '';
  }

  /** Looks at a file; nothing is read of it but its beginning. */
  async choose(path: string): Promise<void> {
    const asked = ++this.#asked;
    this.#input = path;
    this.#preview = null;
    this.#fault = null;
    this.#looking = true;
    try {
      const preview = await this.#look.at({ kind: 'files', files: [{ path, split: null }] });
      if (asked !== this.#asked) return;
      this.#preview = preview;
      const columnFor = (role: string): string =>
        preview.columns.find((column) => column.role === role)?.name ?? '';
      this.textColumn = columnFor('text') || (preview.columns[0]?.name ?? '');
      this.textPairColumn = columnFor('text_pair');
      this.output = outputFor(path, this.#format);
    } catch (error) {
      const fault = faultOf(error);
      if (asked === this.#asked) this.#fault = fault;
    } finally {
      if (asked === this.#asked) this.#looking = false;
    }
  }

  setFormat(format: Format): void {
    this.#format = format;
    this.output = this.output.replace(/\.[^./\\]*$/, '') + `.${format}`;
  }

  /** The same name in another folder. */
  setFolder(folder: string): void {
    const [name] = this.output.split(/[\\/]/).slice(-1);
    this.output = `${folder.replace(/[\\/]$/, '')}${folder.includes('\\') ? '\\' : '/'}${name ?? ''}`;
  }

  /** Starts it. Resolves to the job's id; null where it was refused (`fault`). */
  async start(answerer: Answerer, overwrite: boolean): Promise<string | null> {
    if (this.#input === null) return null;
    this.#starting = true;
    this.#fault = null;
    try {
      const { jobId } = await this.#rpc.call('playground/batch', {
        answerer,
        input: this.#input,
        textColumn: this.textColumn,
        textPairColumn: this.textPairColumn === '' ? null : this.textPairColumn,
        output: this.output.trim(),
        format: this.#format,
        overwrite,
      });
      return jobId;
    } catch (error) {
      this.#fault = faultOf(error);
      return null;
    } finally {
      this.#starting = false;
    }
  }

  /** What is being looked at is given up. */
  clear(): void {
    this.#asked++;
    this.#look.stop();
    this.#input = null;
    this.#preview = null;
    this.#fault = null;
  }
}

/** Beside the file that is read. */
export const outputFor = (input: string, format: Format): string =>
  `${input.replace(/\.[^./\\]*$/, '')}-answers.${format}`;
