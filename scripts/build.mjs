import fs from 'node:fs';
import path from 'node:path';
import { projectDir } from './setup/places.mjs';
import { lastLines, runTool } from './setup/process.mjs';
import { SetupError, step } from './setup/report.mjs';
import { taskEnvironment } from './setup/node24.mjs';

const parts = [
  {
    name: 'Main process, backend and engine',
    sources: ['src/main', 'src/shared', 'src/preload', 'electron.vite.config.ts', 'package.json'],
    result: 'out/main/desktop/main.js',
    tool: ['electron-vite/bin/electron-vite.js', 'build'],
  },
  {
    name: 'Window',
    sources: ['src/renderer', 'src/shared', 'package.json'],
    result: 'out/renderer/index.html',
    tool: ['vite/bin/vite.js', 'build', '--config', 'src/renderer/vite.config.ts', '--emptyOutDir'],
    /** Built beside the old one, which somebody may be looking at. */
    folder: 'out/renderer',
  },
];

/** Builds what is missing or older than its sources into out/. */
export async function build(node) {
  for (const { name, sources, result, tool, folder } of parts) {
    const places = sources.map((source) => path.join(projectDir, source));
    const built = fs.statSync(path.join(projectDir, result), { throwIfNoEntry: false });
    if (built && built.mtimeMs >= newest(places)) continue;
    const fresh = folder && path.join(projectDir, `${folder}.${process.pid}.new`);
    const [script, ...args] = fresh ? [...tool, '--outDir', fresh] : tool;
    await step(`Build: ${name}`, async () => {
      // What people run, also where a test runner asks for the build.
      const env = { ...taskEnvironment(node, projectDir), NODE_ENV: 'production' };
      const options = { cwd: projectDir, env };
      const bin = path.join(projectDir, 'node_modules', script);
      const { code, output } = await runTool(node.bin, [bin, ...args], options);
      if (code !== 0) {
        if (fresh) fs.rmSync(fresh, { recursive: true, force: true });
        throw new SetupError(
          `${name} could not be built.`,
          'The lines above say why.',
          lastLines(output, 30),
        );
      }
      if (fresh) {
        const old = `${fresh}.old`;
        const place = path.join(projectDir, folder);
        if (fs.existsSync(place)) fs.renameSync(place, old);
        fs.renameSync(fresh, place);
        fs.rmSync(old, { recursive: true, force: true });
      }
      const now = new Date();
      fs.utimesSync(path.join(projectDir, result), now, now);
    });
  }
}

/** The time of the youngest source in milliseconds; tests do not count. */
function newest(places) {
  const times = places.map((place) => {
    const stat = fs.statSync(place);
    if (!stat.isDirectory()) return stat.mtimeMs;
    const inside = fs.readdirSync(place).filter((name) => !/\.test\.ts$/.test(name));
    return newest(inside.map((name) => path.join(place, name)));
  });
  return Math.max(0, ...times);
}
