// How long from `graft serve` to a usable window, with 1,000 experiments in the store:
//   node e2e/measure/cold-start.ts [times]
import { fillWithRuns, ms, withBrowser, withServer } from './measured.ts';

await withBrowser(async (workspace, browser) => {
  fillWithRuns(workspace, 1000, 100);
  for (let time = 0; time < Number(process.argv[2] ?? 3); time += 1) {
    const started = performance.now();
    await withServer(workspace, async (address) => {
      const served = performance.now();
      const page = await browser.newPage();
      await page.goto(address);
      await page.getByRole('link', { name: /Experiments 1,000/ }).waitFor();
      const usable = performance.now();
      await page.getByRole('link', { name: /Experiments/ }).click();
      await page.getByText('Experiment 999').first().waitFor();
      const listed = performance.now();
      process.stdout.write(
        `serving ${ms(started, served)}, usable ${ms(started, usable)}, list of 1,000 ${ms(usable, listed)} later\n`,
      );
      await page.close();
    });
  }
});
