import fs from 'node:fs';
import { lastLines, runTool } from './process.mjs';
import { SetupError, step } from './report.mjs';
import { addonPlaces } from './addon.mjs';

/** Where TensorFlow publishes no wheel with a C library (Windows, macOS on Intel): tfjs's own TensorFlow 2.9. */
export async function ensureOwnDownload(projectDir, variant, node) {
  const { packageDir, addon } = addonPlaces(projectDir);
  if (fs.existsSync(addon)) return;
  await step('TensorFlow (download of tfjs-node)', async () => {
    const args = ['scripts/install.js', variant === 'cuda' ? 'gpu' : 'cpu', 'download'];
    const { code, output } = await runTool(node.bin, args, { cwd: packageDir });
    if (code === 0 && fs.existsSync(addon)) return;
    throw new SetupError(
      'TensorFlow could not be installed by the script of @tensorflow/tfjs-node-gpu.',
      'Check the network: the script fetches from storage.googleapis.com.',
      lastLines(output),
    );
  });
}
