import path from 'node:path';
import { addonReady, ensureAddon } from './addon.mjs';
import { isComplete, sweep } from './folder.mjs';
import { withLock } from './lock.mjs';
import { findNode24 } from './node24.mjs';
import { ensureOwnDownload } from './own-download.mjs';
import { ensurePackages, packagesReady } from './packages.mjs';
import { cacheDir, projectDir } from './places.mjs';
import { ensureTensorFlow, hasWheel, tensorflowDir } from './tensorflow.mjs';
import { chooseVariant } from './variant.mjs';

/** Does what is missing of the set-up, and nothing when it is all there. Returns the Node to run Graft with. */
export async function setUp() {
  const variant = chooseVariant();
  if (isSetUp(variant)) return findNode24(projectDir);
  const cache = cacheDir();
  const onWait = () => process.stderr.write('Waiting for another set-up to finish …\n');
  return withLock(
    path.join(cache, 'setup.lock'),
    async () => {
      sweep(cache);
      await ensurePackages(projectDir);
      const node = findNode24(projectDir);
      if (hasWheel(variant)) await ensureAddon(projectDir, await ensureTensorFlow(variant), node);
      else await ensureOwnDownload(projectDir, variant, node);
      return node;
    },
    onWait,
  );
}

/** A few file look-ups: cheap enough for every start. */
function isSetUp(variant) {
  if (!packagesReady(projectDir) || !hasWheel(variant)) return false;
  const runtimeDir = tensorflowDir(variant);
  return isComplete(runtimeDir) && addonReady(projectDir, runtimeDir);
}
