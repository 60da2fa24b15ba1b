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
    tool: ['vite/bin/vite.js', 'build', '--config', 'src/renderer/vite.config.ts'],
  },
];

/** Builds what is missing or older than its sources into out/. */
export async function build(node) {
  for (const { name, sources, result, tool } of parts) {
    const places = sources.map((source) => path.join(projectDir, source));
    const built = fs.statSync(path.join(projectDir, result), { throwIfNoEntry: false });
    if (built && built.mtimeMs >= newest(places)) continue;
    const [script, ...args] = tool;
    await step(`Build: ${name}`, async () => {
      const options = { cwd: projectDir, env: taskEnvironment(node, projectDir) };
      const bin = path.join(projectDir, 'node_modules', script);
      const { code, output } = await runTool(node.bin, [bin, ...args], options);
      if (code !== 0)
        throw new SetupError(
          `${name} could not be built.`,
          'The lines above say why.',
          lastLines(output, 30),
        );
      const now = new Date();
      fs.utimesSync(path.join(projectDir, result), now, now);
    });
  }
}

/** The time of the youngest source in milliseconds; tests do not count. */
export function newest(places) {
  const times = places.map((place) => {
    const stat = fs.statSync(place);
    if (!stat.isDirectory()) return stat.mtimeMs;
    const inside = fs.readdirSync(place).filter((name) => !/\.test\.ts$/.test(name));
    return newest(inside.map((name) => path.join(place, name)));
  });
  return Math.max(0, ...times);
}
