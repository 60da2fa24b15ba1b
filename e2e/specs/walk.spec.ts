import { readFile, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { Content, plainRows, temporaryFolder } from '../content.ts';
import { browser } from '../hosts/index.ts';
import { webHost } from '../hosts/web-host.ts';
import { preparedWorkspace } from '../prepared.ts';

/** What a person meets between a file that is not quite right and a first training. */
test.runIf(browser)(
  'odd labels are folded, versions compared and written, settings kept, and what stays from other data is said',
  { timeout: 180_000 },
  async () => {
    const workspace = await temporaryFolder();
    const files = `${workspace}-files`;
    await Content.fill(workspace, async (content) => {
      await content.addModel(`${workspace}-models/tiny`);
      await content.importRows(files, 'Messages', plainRows(40));
    });
    await mkdir(files, { recursive: true });
    const spellings = ['0', '0.0', '1', '1.0'];
    const lines = Array.from({ length: 40 }, (_, i) => `review number ${i} of this,${spellings[i % 4]}`);
    const odd = path.join(files, 'odd.csv');
    await writeFile(odd, ['text,label', ...lines, ''].join('\n'));

    const session = await webHost(browser!).open(workspace);
    onTestFinished(() => session.close());
    const { page } = session;

    await page.goto(session.address('/data/import'));
    const choose = page.getByRole('button', { name: 'Choose files' });
    await choose.waitFor();
    await session.chooseFiles(page, () => choose.click(), [odd]);
    await page.getByText(/other spellings of whole numbers/).waitFor();
    await page.getByText('4 classes from column "label"').waitFor();
    await page.getByRole('button', { name: 'Read them so' }).click();
    await page.getByText('2 classes from column "label"').waitFor();
    await page.getByRole('button', { name: 'Import', exact: true }).click();
    await page.waitForURL(/#\/data\/(?!import)[\w-]+/);
    await page.getByRole('heading', { name: 'Classes' }).waitFor();

    // A corrected label makes a version, which is compared with the one before and written to a file.
    await page.getByRole('link', { name: 'Rows' }).first().click();
    const rows = page.getByRole('grid', { name: 'Rows' }).getByRole('row');
    await rows
      .nth(1)
      .getByText(/^[01]$/)
      .first()
      .waitFor();
    await rows.nth(1).click();
    await page.keyboard.press('1');
    await page.getByText('1 unsaved correction').waitFor();
    await page.getByRole('button', { name: 'Save as new version' }).click();
    await page.getByText('Version 2: 1 label corrected').waitFor();
    await page.getByRole('link', { name: 'Versions' }).click();
    await page.getByRole('button', { name: 'Compare', exact: true }).first().click();
    const comparison = page.getByRole('dialog');
    await comparison.getByText(/^1 relabelled$/).waitFor();
    await comparison.getByText('39 rows the same').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'As a file' }).first().click();
    await page.getByRole('textbox', { name: 'Folder' }).fill(files);
    await page.getByRole('button', { name: 'Write' }).click();
    await page.getByText('Written: odd-v2.csv').waitFor();
    const written = (await readFile(path.join(files, 'odd-v2.csv'), 'utf8')).trim().split('\n');
    expect(written).toHaveLength(41);
    expect(written[1]).toMatch(/review number 0 of this.*1/);

    // Settings are kept as a recipe; with other data the form says what it still holds.
    await page
      .getByRole('link', { name: /train on it/i })
      .or(page.getByRole('button', { name: /train on it/i }))
      .first()
      .click();
    await page.waitForURL(/#\/experiments\/new/);
    await page.getByRole('button', { name: 'Save as recipe' }).click();
    await page.getByRole('textbox', { name: 'Name of the recipe' }).fill('As always');
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByText('As always is among the recipes.').waitFor();
    await page.getByRole('button', { name: 'Recipes', exact: true }).click();
    await page.getByRole('dialog').getByText('As always').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('textbox', { name: 'Name of the experiment' }).fill('Mine');
    const data = page.getByRole('combobox', { name: 'Data set' });
    if (!(await data.isVisible())) await page.getByRole('button', { name: /^Data/ }).click();
    const other = await data.getByRole('option', { name: /Messages/ }).getAttribute('value');
    await data.selectOption(other);
    await page.getByText(/Kept as you set it: Name/).waitFor();

    // Columns of a list are chosen, and stay so.
    await page.goto(session.address('/data'));
    await page.getByText('Messages').first().waitFor();
    const header = page.getByRole('columnheader');
    const before = await header.allInnerTexts();
    await page.getByRole('button', { name: /^Columns of / }).click();
    const item = page.getByRole('menuitemcheckbox', { checked: true }).first();
    const hidden = (await item.innerText()).trim();
    expect(before.join(' ')).toContain(hidden);
    await item.click();
    await page.keyboard.press('Escape');
    await page.reload();
    await page.getByText('Messages').first().waitFor();
    expect(await header.allInnerTexts()).toHaveLength(before.length - 1);
  },
);

test.runIf(browser)(
  'an adapter is evaluated on other rows, and label errors are looked for in training rows',
  { timeout: 180_000 },
  async () => {
    const { workspace } = await preparedWorkspace();
    const session = await webHost(browser!).open(workspace);
    onTestFinished(() => session.close());
    const { page } = session;
    await page.goto(session.address('/adapters'));
    await page.getByRole('link', { name: 'A run' }).first().click();
    await page.getByRole('heading', { name: 'Evaluated on' }).waitFor();
    await page.getByRole('button', { name: 'Evaluate', exact: true }).click();
    const evaluated = page.getByRole('row', { name: /Messages.*all rows/ });
    await evaluated.waitFor({ timeout: 60_000 });
    expect(await evaluated.getByRole('cell').nth(3).innerText()).toBe('120');

    await page.goto(session.address('/data'));
    await page.getByRole('link', { name: 'Messages' }).first().click();
    await page.getByRole('link', { name: 'Label errors' }).click();
    await page.getByRole('button', { name: 'Look for label errors' }).click();
    await page
      .getByText(/the probe agrees with .* of the labels|No label looks wrong/)
      .first()
      .waitFor({ timeout: 90_000 });
  },
);
