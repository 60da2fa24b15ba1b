import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { packageApp } from './package.mjs';
import { SetupError } from './setup/report.mjs';
import { hasWheel, tensorflowDir } from './setup/tensorflow.mjs';

it.skipIf(!hasWheel('cuda'))('makes no archive of a runtime whose licences are not there', async () => {
  const cache = fs.mkdtempSync(path.join(os.tmpdir(), 'graft-package-'));
  onTestFinished(() => fs.rmSync(cache, { recursive: true }));
  vi.stubEnv('GRAFT_CACHE', cache);
  onTestFinished(() => vi.unstubAllEnvs());
  const folder = tensorflowDir('cuda');
  fs.mkdirSync(folder);
  fs.writeFileSync(path.join(folder, 'complete.json'), JSON.stringify({ files: {} }));
  const packed = packageApp(null, ['--runtime', 'cuda']);
  await expect(packed).rejects.toThrow(SetupError);
  await expect(packed).rejects.toThrow(folder);
});
