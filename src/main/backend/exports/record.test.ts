import { mkdir, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, it } from 'vitest';
import { addModel, importGolden } from '../adapters/test-support.ts';
import { testBackend, workspaceFolder } from '../test-support.ts';
import { recordExport } from './record.ts';

it('an export of the command line is told of, for an adapter behind a link too, and so is the one that it replaces', async () => {
  const dir = await workspaceFolder();
  const [real, link] = [path.join(dir, 'real'), path.join(dir, 'link')];
  await mkdir(real);
  await symlink(real, link);
  const backend = await testBackend(link);
  const { modelId } = await addModel(backend);
  const adapter = await importGolden(backend, modelId, 'lora-qv');
  const folder = path.join(dir, 'out', 'hf');
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, 'verification.json'), '{}\n');
  const report = {
    target: 'hf',
    state: 'passed',
    folder,
    reason: null,
    fault: null,
    verification: null,
    seconds: { writing: 0, answering: 0, trying: 0 },
  } as const;
  const record = (given: string) =>
    recordExport(link, { adapter: given, name: 'Told', folder, reports: [report] });

  const first = backend.nextEvent('exports/changed');
  const id = await record(adapter.folder);
  expect(id).not.toBeNull();
  expect(await first).toMatchObject({ id, targets: [{ state: 'passed' }] });
  const gone = backend.nextEvent('exports/removed');
  const other = await record(adapter.folder);
  expect(await gone).toEqual({ id });
  const { exports } = await backend.call('exports/list', {});
  expect(exports.map((one) => one.id)).toEqual([other]);
});
