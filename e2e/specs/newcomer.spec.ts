import type { Page } from 'playwright-core';
import { describe, test } from 'vitest';
import { temporaryFolder } from '../content.ts';
import { hostsOfLongWay } from '../hosts/index.ts';

/** Long enough for a machine that does much else; the sample takes half a minute on an idle one. */
const TRAINING_MS = 480_000;

// Side by side: each waits much, for a training or for a page.
describe.concurrent.each(hostsOfLongWay('Electron stand-in'))('on the $name', ({ open }) => {
  test(
    'a newcomer gets from nothing to a good model, closes in mid-run, comes back and has lost nothing',
    { timeout: 2 * TRAINING_MS + 120_000 },
    async ({ expect, onTestFinished }) => {
      const workspace = await temporaryFolder(onTestFinished);
      let session = await open(workspace);
      onTestFinished(() => session.close().catch(() => undefined));
      let { page } = session;

      // An empty workspace offers the sample; it opens as a filled form.
      await page.getByRole('button', { name: /sample/i }).click();
      await page.waitForURL(/#\/experiments\/new/, { timeout: 60_000 });
      await page.getByRole('heading', { name: 'Pre-flight' }).waitFor();
      await page.getByText('Trained', { exact: true }).waitFor({ timeout: 60_000 });
      await epochs(page, 1);
      await start(page);

      await state(page, 'finished');
      expect(await accuracy(page)).toBeGreaterThanOrEqual(96);

      // The second: only the head learns, which is quick.
      await page.goto(session.address('/experiments/new'));
      await page.getByRole('button', { name: 'Head only' }).click();
      await epochs(page, 2);
      await start(page);
      const second = page.url();
      await page.getByRole('button', { name: 'Pause' }).waitFor({ timeout: 60_000 });
      await page
        .getByText(/step [1-9]\d* of/i)
        .first()
        .waitFor({ timeout: 60_000 });
      await session.close();

      session = await open(workspace);
      ({ page } = session);
      await page.goto(session.address(new URL(second).hash.slice(1)));
      await page.getByRole('button', { name: /^Go on from step [1-9]/ }).click();
      await state(page, 'finished');

      // Both stand in the list, and the first is as it was.
      await page.goto(session.address('/experiments'));
      // The filters' closed lists hold the word too.
      const finished = page.getByText('finished', { exact: true }).filter({ visible: true });
      await expect.poll(() => finished.count()).toBe(2);
    },
  );
});

async function epochs(page: Page, count: number): Promise<void> {
  await page.getByRole('button', { name: /^Training/ }).click();
  await page.getByLabel(/^Epochs/).fill(String(count));
  await page.getByRole('button', { name: new RegExp(`^Training.*${count} epoch`) }).waitFor();
}

async function start(page: Page): Promise<void> {
  await page.getByRole('button', { name: /^(Start|Add to queue)$/ }).click();
  await page.waitForURL(/#\/experiments\/(?!new)[\w-]+/, { timeout: 60_000 });
}

async function state(page: Page, wanted: string): Promise<void> {
  const head = page.getByRole('main');
  const failed = head.getByText('failed', { exact: true });
  await head.getByText(wanted, { exact: true }).or(failed).first().waitFor({ timeout: TRAINING_MS });
  if (await failed.isVisible()) throw new Error(await head.innerText());
}

/** In percent, as the page shows it. */
async function accuracy(page: Page): Promise<number> {
  const figure = page
    .locator('dl > div', { has: page.getByText('Eval accuracy', { exact: true }) })
    .locator('dd')
    .first();
  return Number((await figure.innerText()).replace(/[^\d.]/g, ''));
}
