import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { lastLines, runTool } from './process.mjs';
import { SetupError } from './report.mjs';

/** Python's zipfile: entries over 4 GB, and no library of ours. The list of files comes first. */
const zipProgram = `
import sys, zipfile
root, target, level, *names = sys.argv[1:]
with zipfile.ZipFile(target, 'w', zipfile.ZIP_DEFLATED, compresslevel=int(level)) as archive:
    for name in names:
        archive.write(root + '/' + name, name)
`;

/**
 * Packs a folder into the archive that `graft runtime install` takes, with runtime.json, which lists each file with its
 * hash, and the archive's own hash beside it. `about`: variant, tensorflow, platform. Returns the archive's path.
 */
export async function packRuntime(python, root, archive, about, { level = 6 } = {}) {
  const names = fs
    .readdirSync(root, { recursive: true })
    .map((name) => name.split(path.sep).join('/'))
    // Links are the build's; what is linked is here under its own name.
    .filter((name) => fs.lstatSync(path.join(root, name)).isFile() && name !== 'runtime.json')
    .sort();
  const files = {};
  for (const name of names) {
    const file = path.join(root, name);
    files[name] = { bytes: fs.statSync(file).size, sha256: await sha256(file) };
  }
  fs.writeFileSync(path.join(root, 'runtime.json'), JSON.stringify({ format: 1, ...about, files }));
  fs.mkdirSync(path.dirname(archive), { recursive: true });
  const temporary = `${archive}.tmp`;
  const args = ['-c', zipProgram, root, temporary, String(level), 'runtime.json', ...names];
  const { code, output } = await runTool(python, args);
  if (code !== 0) {
    fs.rmSync(temporary, { force: true });
    throw new SetupError(
      `${archive} could not be written.`,
      'Free some space, and start again.',
      lastLines(output, 3),
    );
  }
  fs.renameSync(temporary, archive);
  fs.writeFileSync(`${archive}.sha256`, `${await sha256(archive)}  ${path.basename(archive)}\n`);
  return archive;
}

async function sha256(file) {
  const hash = crypto.createHash('sha256');
  for await (const chunk of fs.createReadStream(file)) hash.update(chunk);
  return hash.digest('hex');
}
