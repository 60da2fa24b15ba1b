// Makes the PNG sizes of the icon from its drawing: node scripts/icons.mjs
import fs from 'node:fs';
import path from 'node:path';
import { chromium } from 'playwright-core';
import { findBrowser } from '../e2e/hosts/browser.ts';

const dir = path.resolve(import.meta.dirname, '../resources/icons');
const svg = fs.readFileSync(path.join(dir, 'graft.svg'), 'utf8');
const browser = await chromium.launch(await findBrowser());
const page = await browser.newPage();
for (const size of [16, 24, 32, 48, 64, 128, 256, 512]) {
  await page.setViewportSize({ width: size, height: size });
  await page.setContent(
    `<style>*{margin:0}svg{display:block;width:${size}px;height:${size}px}</style>${svg}`,
  );
  await page.screenshot({ path: path.join(dir, `${size}x${size}.png`), omitBackground: true });
}
await browser.close();
