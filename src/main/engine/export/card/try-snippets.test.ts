import { readdir } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../formats/test-support.ts';
import type { TargetKey } from '../targets.ts';
import { trySnippets } from './try-snippets.ts';

const asking = { language: 'node', code: 'fetch' } as const;

/** Why a snippet that asks a server was not run, and what the export's folder then holds. */
async function tried(target: TargetKey, folderName: string, baseName: string) {
  const folder = await temporaryFolder();
  const [snippet] = await trySnippets([asking], {
    target,
    folder,
    folderName,
    base: { folder: await temporaryFolder(), name: baseName },
    port: null,
    signal: new AbortController().signal,
  });
  return { notRun: snippet!.notRun, files: await readdir(folder) };
}

const noServer = 'It asks a server, and none was started.';
const notLinked = 'Its folder could not be linked.';

describe('snippets of an export that is called as its base', () => {
  it('are tried, as they need no base', async () => {
    expect(await tried('hf', 'bert', 'bert')).toEqual({ notRun: noServer, files: [] });
  });

  it('are not run for an adapter, which needs both', async () => {
    expect(await tried('peft', 'bert', 'bert')).toEqual({ notRun: notLinked, files: [] });
    expect(await tried('peft', 'adapter', 'bert')).toEqual({ notRun: noServer, files: [] });
  });

  it('leave nothing in an export that is called as the owner of its base', async () => {
    expect(await tried('peft', 'org', 'org/bert')).toEqual({ notRun: notLinked, files: [] });
  });
});
