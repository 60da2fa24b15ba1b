import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';

const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.txt': 'text/plain; charset=utf-8',
};

interface StaticFile {
  body: Buffer;
  type: string;
  etag: string;
}

export interface StaticAnswer {
  status: number;
  headers: Record<string, string>;
  body: Buffer;
}

/**
 * The built window, held in memory by its addresses: what is not in the list does not exist, so that no path can
 * leave the folder. Read anew when the window was built anew.
 */
export class StaticFiles {
  private readonly dir: string;
  private readonly page: string;
  private files = new Map<string, StaticFile>();
  private builtAt = -1;

  constructor(dir: string) {
    this.dir = dir;
    this.page = path.join(dir, 'index.html');
    this.refresh();
  }

  /** The answer to an address; one without a file name is a page of the window. `known`: the copy that the asker has. */
  find(url: string, known?: string): StaticAnswer {
    const address = url.replace(/[?#].*$/, '');
    const isPage = !path.posix.basename(address).includes('.');
    if (isPage) this.refresh();
    const file = this.files.get(isPage ? '/index.html' : address);
    if (!file) {
      const body = Buffer.from('There is nothing here.\n');
      return { status: 404, headers: { 'content-type': 'text/plain' }, body };
    }
    const headers = {
      'content-type': file.type,
      etag: file.etag,
      'cache-control': address.startsWith('/assets/') ? 'max-age=31536000, immutable' : 'no-cache',
    };
    if (known === file.etag) return { status: 304, headers, body: Buffer.alloc(0) };
    return { status: 200, headers, body: file.body };
  }

  private refresh(): void {
    const builtAt = existsSync(this.page) ? statSync(this.page).mtimeMs : 0;
    if (builtAt === this.builtAt) return;
    this.files = builtAt === 0 ? new Map<string, StaticFile>() : readAll(this.dir);
    this.builtAt = builtAt;
  }
}

function readAll(dir: string): Map<string, StaticFile> {
  const files = new Map<string, StaticFile>();
  for (const entry of readdirSync(dir, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = path.join(entry.parentPath, entry.name);
    const body = readFileSync(file);
    const address = `/${path.relative(dir, file).split(path.sep).map(encodeURIComponent).join('/')}`;
    files.set(address, {
      body,
      type: types[path.extname(entry.name)] ?? 'application/octet-stream',
      etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`,
    });
  }
  return files;
}
