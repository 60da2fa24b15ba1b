import { cp, mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { inject } from 'vitest';
import type { TestProject } from 'vitest/node';
import buildFirst from './build-first.ts';
import { Content, plainRows, shortRun, temporaryFolder } from './content.ts';

/** A workspace with something on every page: 120 messages, two runs of a tiny model, an export. */
interface Prepared {
  workspace: string;
  model: string;
  data: string;
  /** Experiments named "A run" and "Another". */
  run: string;
  other: string;
  adapter: string;
  exported: string;
}

declare module 'vitest' {
  interface ProvidedContext {
    prepared: Prepared;
  }
}

/** Builds what the specs run, and makes the workspace once for those that only look at one. */
export default async function prepare(project: TestProject): Promise<() => Promise<void>> {
  buildFirst();
  const folder = await mkdtemp(path.join(os.tmpdir(), 'graft-prepared-'));
  const workspace = path.join(folder, 'workspace');
  const made = await Content.fill(workspace, async (content) => {
    const model = await content.addModel(`${folder}/tiny`);
    const versionId = await content.importRows(`${folder}/data`, 'Messages', plainRows(120));
    const spec = { ...shortRun, modelId: model, versionId };
    const run = await content.run({ ...spec, name: 'A run' });
    const other = await content.run({ ...spec, name: 'Another', training: {} });
    const exported = await content.export(run, `${folder}/exported`, ['hf', 'onnx-int8']);
    const { adapterId } = await content.call('experiments/read', { id: run });
    const { datasets } = await content.call('datasets/list', {});
    return { model, data: datasets[0]!.id, run, other, adapter: adapterId!, exported };
  });
  project.provide('prepared', { workspace, ...made });
  return () => rm(folder, { recursive: true, force: true });
}

/** A copy of it that a test may change. */
export async function preparedWorkspace(): Promise<Prepared> {
  const prepared = inject('prepared');
  const workspace = await temporaryFolder();
  await cp(prepared.workspace, workspace, { recursive: true });
  return { ...prepared, workspace };
}
