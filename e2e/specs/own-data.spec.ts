import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Content, temporaryFolder } from '../content.ts';
import { hosts } from '../hosts/index.ts';

const shared = fileURLToPath(new URL('../../../shared/data/', import.meta.url));

/** The electronics reviews where they lie beside the checkout; else a file of the same shape, made here. */
async function reviews(dir: string): Promise<string[]> {
  const files = ['train', 'test'].map((split) => path.join(shared, `electronics-reviews-${split}.csv`));
  if (files.every((file) => existsSync(file))) return files;
  process.stderr.write('The electronics reviews are not here: the spec makes reviews of its own.\n');
  await mkdir(dir, { recursive: true });
  return Promise.all(
    ['train', 'test'].map(async (split, place) => {
      const file = path.join(dir, `reviews-${split}.csv`);
      const rows = Array.from({ length: 60 }, (_, i) => {
        const stars = (i % 5) + 1;
        return `${stars},"Title ${i}, ${split}","It works ""well"" ${i + place * 1000}, for ${stars} stars"`;
      });
      await writeFile(file, ['stars,title,text', ...rows, ''].join('\n'));
      return file;
    }),
  );
}

describe.each(hosts)('on the $name', ({ open }) => {
  test(
    'a CSV of one’s own is looked at, imported, reported on and trained on',
    { timeout: 300_000 },
    async () => {
      const workspace = await temporaryFolder();
      await Content.fill(workspace, (content) => content.addModel(`${workspace}-models/tiny`));
      const files = await reviews(`${workspace}-files`);
      const session = await open(workspace);
      onTestFinished(() => session.close());
      const { page } = session;

      await page.goto(session.address('/data/import'));
      const choose = page.getByRole('button', { name: 'Choose files' });
      await choose.waitFor();
      await session.chooseFiles(page, () => choose.click(), files);
      await page.getByRole('columnheader', { name: /stars/ }).first().waitFor();
      await page.getByRole('button', { name: 'Import', exact: true }).click();

      await page.waitForURL(/#\/data\/(?!import)[\w-]+/, { timeout: 60_000 });
      await page.getByRole('heading', { name: 'Classes' }).waitFor({ timeout: 60_000 });
      await page.getByRole('heading', { name: 'Findings' }).waitFor();

      // The key of a label is its digit, the correction outlives a reload, and saved it is a version.
      await page.getByRole('link', { name: 'Rows' }).first().click();
      const rows = page.getByRole('grid', { name: 'Rows' }).getByRole('row');
      await rows
        .nth(1)
        .getByText(/^[1235]$/)
        .first()
        .waitFor();
      await rows.nth(1).click();
      await page.keyboard.press('4');
      await page.getByText('1 unsaved correction').waitFor();
      await rows.nth(1).getByTitle('4, was').waitFor();
      await page.reload();
      await page.getByText('1 unsaved correction').waitFor();
      await page.getByRole('button', { name: 'Save as new version' }).click();
      await page.getByText('Version 2: 1 label corrected').waitFor();

      await page
        .getByRole('button', { name: /train on it/i })
        .or(page.getByRole('link', { name: /train on it/i }))
        .first()
        .click();
      await page.waitForURL(/#\/experiments\/new/);
      const model = page.getByRole('combobox', { name: /model/i }).first();
      await model.waitFor();
      const tiny = await model.getByRole('option', { name: /tiny/ }).first().getAttribute('value');
      await model.selectOption(tiny);
      await page.getByRole('button', { name: 'Head only' }).click();
      const start = page.getByRole('button', { name: /^Start$/ });
      await expect.poll(() => start.isEnabled(), { timeout: 60_000 }).toBe(true);
      await start.click();
      await page.waitForURL(/#\/experiments\/(?!new)[\w-]+/, { timeout: 60_000 });
      await page
        .getByRole('main')
        .getByText('finished', { exact: true })
        .first()
        .waitFor({ timeout: 200_000 });
    },
  );
});
