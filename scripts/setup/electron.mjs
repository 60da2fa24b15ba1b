import fs from 'node:fs';
import path from 'node:path';
import { projectDir } from './places.mjs';
import { runTool } from './process.mjs';
import { step } from './report.mjs';

/** Whether a window can be shown here. */
export function hasDisplay(env = process.env, platform = process.platform) {
  return platform !== 'linux' || Boolean(env.DISPLAY || env.WAYLAND_DISPLAY);
}

/** Electron's binary, fetched by its own package when it is missing; null where it cannot be had. */
export async function ensureElectron(node) {
  const dir = path.join(projectDir, 'node_modules/electron');
  const found = binary(dir);
  if (found !== null) return found;
  if (!fs.existsSync(path.join(dir, 'install.js'))) return null;
  await step('Electron', () => runTool(node.bin, [path.join(dir, 'install.js')]));
  return binary(dir);
}

function binary(dir) {
  const note = path.join(dir, 'path.txt');
  if (!fs.existsSync(note)) return null;
  const file = path.join(dir, 'dist', fs.readFileSync(note, 'utf8'));
  return fs.existsSync(file) ? file : null;
}
