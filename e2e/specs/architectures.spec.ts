import { cp } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Content, plainRows, shortRun, temporaryFolder } from '../content.ts';
import { hostsOfLongWay } from '../hosts/index.ts';

const golden = fileURLToPath(new URL('../../fixtures/golden/seed1/models/', import.meta.url));
const MINUTE_MS = 60_000;

/** Folders as people bring them, what their trees show, and the layers that an adapter goes to by itself. */
const brought = [
  { type: 'roberta', tree: 'RobertaModel', targets: 'query, value' },
  { type: 'deberta-v2', tree: 'DebertaV2Model', targets: 'query_proj, value_proj' },
];

describe.each(hostsOfLongWay('web host'))('on the $name', ({ open }) => {
  test(
    'folders of other architectures are imported, trained, compared with a BERT, and exported with a proof',
    { timeout: 8 * MINUTE_MS },
    async () => {
      const workspace = await temporaryFolder();
      await Content.fill(workspace, async (content) => {
        const modelId = await content.addModel(`${workspace}-models/bert`);
        const versionId = await content.importRows(`${workspace}-data`, 'Messages', plainRows(120));
        await content.run({ ...shortRun, modelId, versionId, name: 'Run of bert' });
      });
      const session = await open(workspace);
      onTestFinished(() => session.close().catch(() => undefined));
      const { page } = session;

      for (const { type, tree, targets } of brought) {
        const folder = path.join(`${workspace}-models`, type);
        await cp(path.join(golden, type), folder, { recursive: true });
        await page.goto(session.address('/models'));
        await page.getByRole('button', { name: 'Add a folder' }).first().click();
        await page.getByRole('dialog').getByRole('textbox', { name: 'Folder' }).fill(folder);
        await page.getByRole('dialog').getByRole('button', { name: 'Add', exact: true }).click();
        await page.waitForURL(/#\/models\/[\w-]+/, { timeout: MINUTE_MS });
        await page
          .getByTitle(new RegExp(`^${tree}`))
          .first()
          .waitFor();
        await page
          .getByText(/modules adapted/)
          .first()
          .waitFor();
        await keepPicture(page, `model-${type}`);

        await page.getByRole('button', { name: 'Train with it' }).click();
        await page.waitForURL(/#\/experiments\/new/);
        await page.getByRole('textbox', { name: 'Name of the experiment' }).fill(`Run of ${type}`);
        const data = page.getByRole('combobox', { name: 'Data set' });
        if (!(await data.isVisible())) await page.getByRole('button', { name: /^Data/ }).click();
        await data.selectOption(await data.getByRole('option', { name: /Messages/ }).getAttribute('value'));
        await page.getByText(targets).first().waitFor();
        const start = page.getByRole('button', { name: /^Start$/ });
        await expect.poll(() => start.isEnabled(), { timeout: MINUTE_MS }).toBe(true);
        await keepPicture(page, `form-${type}`);
        await start.click();
        await page.waitForURL(/#\/experiments\/(?!new)[\w-]+/, { timeout: MINUTE_MS });
        const ended = page.getByRole('main').getByText('finished', { exact: true }).first();
        await ended.waitFor({ timeout: 2 * MINUTE_MS });
      }

      await page.goto(session.address('/compare'));
      await page.getByRole('checkbox', { name: 'Choose all' }).check();
      await page.getByRole('button', { name: `Compare ${brought.length + 1} experiments` }).click();
      const verdict = page.getByRole('region', { name: 'Verdict' }).getByRole('status');
      await expect.poll(() => verdict.innerText(), { timeout: MINUTE_MS }).toMatch(/Run of \w+/);
      await keepPicture(page, 'compare');

      // Engine tests hold every target of every architecture; here one goes the whole way.
      for (const { type } of brought.slice(-1)) {
        await page.goto(session.address('/experiments'));
        await page
          .getByRole('link', { name: `Run of ${type}` })
          .first()
          .click();
        await page.getByRole('link', { name: 'Merge and export' }).first().click();
        await page.getByRole('button', { name: 'All that can be made' }).click();
        const folder = path.join(`${workspace}-exports`, type);
        await page.getByRole('textbox', { name: 'Where to' }).fill(folder);
        await page.getByRole('button', { name: 'Merge and export' }).click();
        await page.waitForURL(/#\/exports\/(?!new)[\w-]+/, { timeout: MINUTE_MS });
        const table = page.getByRole('table', { name: 'Proof of each target' });
        const proofs = table.getByText(/^(proved|failed|not written|cancelled)$/);
        await expect.poll(() => proofs.count(), { timeout: 4 * MINUTE_MS, interval: 1000 }).toBe(7);
        await keepPicture(page, `export-${type}`);
        expect(await proofs.allInnerTexts()).toEqual(Array<string>(7).fill('proved'));
      }
    },
  );
});

/** A picture of the page in light and dark, where GRAFT_PICTURES names a folder. */
async function keepPicture(page: Page, name: string): Promise<void> {
  const folder = process.env['GRAFT_PICTURES'];
  if (folder === undefined) return;
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    await page.screenshot({ path: path.join(folder, `${name}-${colorScheme}.png`), fullPage: true });
  }
  await page.emulateMedia({ colorScheme: 'light' });
}
