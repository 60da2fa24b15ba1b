import type { InputOf, OutputOf } from '../../shared/contract.ts';
import { rpc as connection, type Rpc } from '../rpc.ts';

export type PickKind = InputOf<'system/pick'>['kind'];
export type Folder = OutputOf<'system/browse'>;

/** A part of a dropped file; with base64 it stays well under the largest message of a host. */
const PART_BYTES = 4 * 2 ** 20;

interface Upload {
  name: string;
  done: number;
  total: number;
}

/** Files of the person: picked in a dialog, dropped on the window, uploaded where the host has no paths. */
export class FilesManager {
  readonly #rpc: Rpc;
  readonly #pathOf: (file: File) => string | null;
  /** What was dropped on the window and nobody took yet. */
  dropped = $state.raw<readonly string[]>([]);
  /** The file that is being sent to the host. */
  upload = $state.raw<Upload | null>(null);
  #asking = $state.raw<{ kind: PickKind; answer: (paths: string[] | null) => void } | null>(null);

  constructor(rpc: Rpc, pathOf: (file: File) => string | null) {
    this.#rpc = rpc;
    this.#pathOf = pathOf;
  }

  /** What the dialog of folders is open for. */
  get asking(): PickKind | null {
    return this.#asking?.kind ?? null;
  }

  /** Hands over what was dropped, once. */
  take(): readonly string[] {
    const dropped = this.dropped;
    this.dropped = [];
    return dropped;
  }

  /** Keeps dropped files for the page that takes them. Rejects with a RefusedError when sending fails. */
  async drop(files: readonly File[]): Promise<void> {
    this.keep(await this.pathsOf(files));
  }

  /** Keeps paths for the page that takes them. */
  keep(paths: readonly string[]): void {
    this.dropped = [...this.dropped, ...paths];
  }

  /** Asks for files or a folder: the host's dialog, else one of our own. Null: the person closed it. */
  async pick(kind: PickKind): Promise<string[] | null> {
    const { paths } = await this.#rpc.call('system/pick', { kind });
    if (paths) return paths;
    const { host } = await this.#rpc.call('system/status', {});
    if (host === 'desktop') return null;
    this.#asking?.answer(null);
    return new Promise((answer) => (this.#asking = { kind, answer }));
  }

  /** The answer of our own dialog. */
  answer(paths: string[] | null): void {
    this.#asking?.answer(paths);
    this.#asking = null;
  }

  /** Rejects with a RefusedError for a folder that cannot be read. Null: where people keep their files. */
  browse(folder: string | null): Promise<Folder> {
    return this.#rpc.call('system/browse', { folder });
  }

  /** The paths of files on the machine that serves; a browser's are sent there first. */
  async pathsOf(files: readonly File[]): Promise<string[]> {
    const paths: string[] = [];
    for (const file of files) paths.push(this.#pathOf(file) ?? (await this.#send(file)));
    return paths;
  }

  async #send(file: File): Promise<string> {
    let uploadId: string | null = null;
    try {
      for (let at = 0; ; at += PART_BYTES) {
        this.upload = { name: file.name, done: at, total: file.size };
        const last = at + PART_BYTES >= file.size;
        const base64 = await toBase64(file.slice(at, at + PART_BYTES));
        const reply: OutputOf<'system/receive-file'> = await this.#rpc.call('system/receive-file', {
          name: file.name,
          base64,
          last,
          uploadId,
        });
        if (last && reply.path !== null) return reply.path;
        uploadId = reply.uploadId;
      }
    } finally {
      this.upload = null;
    }
  }
}

async function toBase64(part: Blob): Promise<string> {
  const bytes = new Uint8Array(await part.arrayBuffer());
  let text = '';
  // String.fromCharCode takes its bytes as arguments, of which there may not be millions.
  for (let at = 0; at < bytes.length; at += 0x8000)
    text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return btoa(text);
}

export const filesManager = new FilesManager(connection, (file) => window.graft?.pathForFile(file) || null);
