import { expect, it, vi } from 'vitest';
import { testBackend } from '../test-support.ts';
import { importedBackend, statesOf } from './test-support.ts';

vi.mock(import('../../engine/formats/temporary.ts'), async (original) => ({
  ...(await original()),
  removeLeftovers: () => Promise.reject(new Error('EROFS: read-only file system')),
}));

it('what a killed program left stays where it cannot be removed: the app starts, takes adapters and closes', async () => {
  const backend = await testBackend();
  const { db } = backend.context;
  db.prepare(`INSERT INTO exports VALUES ('x', 'Left', 'adapter', 'a', 'tiny', '/drive/out', 1)`).run();
  db.prepare(
    `INSERT INTO export_targets (export_id, target, place, state, folder) VALUES ('x', 'hf', 0, 'writing', '/drive/out/hf')`,
  ).run();
  await backend.close();
  const next = await testBackend(backend.dir);
  const { export: left } = await next.call('exports/read', { id: 'x' });
  expect(statesOf(left)).toEqual({ hf: 'cancelled' });
  await next.close();
  const { source } = await importedBackend();
  expect(source.kind).toBe('adapter');
});
