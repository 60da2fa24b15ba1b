import type { Answerer, Preview } from '../../../shared/contract.ts';
import { PreviewLook } from '../../managers/preview-look.ts';
import { Resource, type Rpc } from '../../kit.ts';

export const formats = [
  { value: 'csv', label: 'CSV' },
  { value: 'jsonl', label: 'JSON Lines' },
  { value: 'parquet', label: 'Parquet' },
] as const;
export type Format = (typeof formats)[number]['value'];

/** A file in, a file out: which file with the look at its beginning, which column, and where the answers go. */
export class BatchManager extends Resource<Preview> {
  input = $state<string | null>(null);
  format = $state<Format>('csv');
  textColumn = $state('');
  /** Empty: none. */
  textPairColumn = $state('');
  output = $state('');
  readonly #look: PreviewLook;

  constructor(rpc: Rpc) {
    super(rpc, async () =>
      this.input === null
        ? null
        : this.#look.at({ kind: 'files', files: [{ path: this.input, split: null }] }),
    );
    this.#look = new PreviewLook(rpc);
  }

  /** Whether all is said that has to be. */
  get isReady(): boolean {
    return this.value !== null && this.textColumn !== '' && this.output.trim() !== '';
  }

  /** Looks at a file; nothing is read of it but its beginning. */
  async choose(path: string): Promise<void> {
    this.clear();
    this.input = path;
    await this.read();
  }

  protected override taken({ columns }: Preview): void {
    const columnFor = (role: string): string => columns.find((column) => column.role === role)?.name ?? '';
    this.textColumn = columnFor('text') || (columns[0]?.name ?? '');
    this.textPairColumn = columnFor('text_pair');
    this.output = outputFor(this.input ?? '', this.format);
  }

  setFormat(format: Format): void {
    this.format = format;
    this.output = this.output.replace(/\.[^./\\]*$/, '') + `.${format}`;
  }

  /** The same name in another folder. */
  setFolder(folder: string): void {
    const [name] = this.output.split(/[\\/]/).slice(-1);
    this.output = `${folder.replace(/[\\/]$/, '')}${folder.includes('\\') ? '\\' : '/'}${name ?? ''}`;
  }

  /** Starts it. Resolves to the job's id; null where it was refused (`refused`). */
  async start(answerer: Answerer, overwrite: boolean): Promise<string | null> {
    const { input } = this;
    if (input === null) return null;
    const reply = await this.attempt(() =>
      this.rpc.call('playground/batch', {
        answerer,
        input,
        textColumn: this.textColumn,
        textPairColumn: this.textPairColumn === '' ? null : this.textPairColumn,
        output: this.output.trim(),
        format: this.format,
        overwrite,
      }),
    );
    return reply?.jobId ?? null;
  }

  /** What is being looked at is given up. */
  override clear(): void {
    super.clear();
    this.#look.stop();
    this.input = null;
    this.refused = null;
  }
}

/** Beside the file that is read. */
export const outputFor = (input: string, format: Format): string =>
  `${input.replace(/\.[^./\\]*$/, '')}-answers.${format}`;
