import { describe, expect, it } from 'vitest';
import type { InputOf } from '../../shared/contract.ts';
import { fakeBackend } from '../fake-backend.ts';
import { FilesManager } from './files-manager.svelte.ts';

describe('files of the person', () => {
  it('a dropped file goes to the host in parts, and its path comes back', async () => {
    const parts: InputOf<'system/receive-file'>[] = [];
    const { rpc } = fakeBackend({
      'system/receive-file': (part) => {
        parts.push(part);
        return { uploadId: 'u', path: part.last ? `/inbox/${part.name}` : null };
      },
    });
    const files = new FilesManager(rpc, () => null);
    const bytes = new Uint8Array(5 * 2 ** 20).map((_, at) => at % 251);
    await files.drop([new File([bytes], 'reviews.csv')]);
    expect(files.take()).toEqual(['/inbox/reviews.csv']);
    expect(files.take()).toEqual([]);
    expect(parts.map(({ last, uploadId }) => [last, uploadId])).toEqual([
      [false, null],
      [true, 'u'],
    ]);
    const sent = Buffer.concat(parts.map(({ base64 }) => Buffer.from(base64, 'base64')));
    expect(sent.equals(Buffer.from(bytes))).toBe(true);
    expect(files.upload).toBeNull();
  });

  it('an empty file is sent too', async () => {
    const { rpc, asked } = fakeBackend({
      'system/receive-file': () => ({ uploadId: 'u', path: '/inbox/empty.csv' }),
    });
    expect(await new FilesManager(rpc, () => null).pathsOf([new File([], 'empty.csv')])).toEqual([
      '/inbox/empty.csv',
    ]);
    expect(asked).toHaveLength(1);
  });

  it('where the host gives paths nothing is sent', async () => {
    const { rpc, asked } = fakeBackend({});
    const files = new FilesManager(rpc, ({ name }) => `/home/ada/${name}`);
    expect(await files.pathsOf([new File(['a'], 'a.csv')])).toEqual(['/home/ada/a.csv']);
    expect(asked).toEqual([]);
  });

  it('a part that is refused is a fault, and nothing is kept', async () => {
    const { rpc } = fakeBackend({});
    const files = new FilesManager(rpc, () => null);
    await expect(files.drop([new File(['a'], 'a.csv')])).rejects.toThrow();
    expect(files.dropped).toEqual([]);
    expect(files.upload).toBeNull();
  });

  it("the host's own dialog is taken where it has one", async () => {
    const { rpc } = fakeBackend({ 'system/pick': () => ({ paths: ['/a.csv'] }) });
    const files = new FilesManager(rpc, () => null);
    expect(await files.pick('data-files')).toEqual(['/a.csv']);
    expect(files.asking).toBeNull();
  });
});
