// A run of 100,000 logged points: how long until its page shows the curve, and how many frames a second its chart
// keeps while the pointer moves over it. With a file name the browser's trace of the hover is written there.
//   node e2e/measure/long-run.ts [times] [trace.json]
import type { Page } from 'playwright-core';
import { fillWithRuns, ms, withBrowser, withServer } from './measured.ts';

const POINTS = 100_000;
const MOVES = 240;
const [times = '3', trace] = process.argv.slice(2);

/** Moves the pointer to and fro over the chart; the times between frames, in milliseconds. */
async function hover(page: Page): Promise<number[]> {
  const box = await page.locator('svg.recharts-surface').first().boundingBox();
  if (!box) throw new Error('The page has no chart.');
  await page.evaluate(() => {
    const frames: number[] = [];
    Object.assign(window, { frames });
    const next = (at: number): void => {
      frames.push(at);
      requestAnimationFrame(next);
    };
    requestAnimationFrame(next);
  });
  for (let move = 0; move < MOVES; move += 1) {
    const share = 0.1 + 0.8 * Math.abs(((move / 60) % 2) - 1);
    await page.mouse.move(box.x + share * box.width, box.y + box.height / 2);
  }
  const frames = await page.evaluate(() => (window as unknown as { frames: number[] }).frames);
  return frames.slice(1).map((at, i) => at - frames[i]!);
}

await withBrowser(async (workspace, browser) => {
  const [id] = fillWithRuns(workspace, 1, POINTS);
  await withServer(workspace, async (address) => {
    for (let time = 0; time < Number(times); time += 1) {
      const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
      await page.goto(address);
      await page.getByRole('link', { name: /Experiments/ }).waitFor();
      const asked = performance.now();
      await page.evaluate((to) => void (location.hash = to), `#/experiments/${id}`);
      await page.locator('svg.recharts-surface path.recharts-curve').first().waitFor();
      const opened = performance.now();
      if (trace !== undefined) await browser.startTracing(page, { path: trace });
      const between = (await hover(page)).sort((a, b) => a - b);
      if (trace !== undefined) await browser.stopTracing();
      const total = between.reduce((sum, one) => sum + one, 0);
      const [median, slowest] = [between[between.length >> 1]!, between.at(-1)!];
      process.stdout.write(
        `opened in ${ms(asked, opened)}; hover ${Math.round((1000 * between.length) / total)} frames a second ` +
          `(median ${median.toFixed(1)} ms, slowest frame ${slowest.toFixed(0)} ms)\n`,
      );
      await page.close();
    }
  });
});
