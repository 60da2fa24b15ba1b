import type { Page } from 'playwright-core';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Content, plainRows, shortRun, temporaryFolder } from '../content.ts';
import { hosts } from '../hosts/index.ts';

describe.each(hosts)('on the $name', ({ open }) => {
  test('what is done in one window is seen in the other', async () => {
    const workspace = await temporaryFolder();
    const id = await Content.fill(workspace, async (content) => {
      const modelId = await content.addModel(`${workspace}/tiny`);
      const versionId = await content.importRows(`${workspace}/data`, 'Messages', plainRows(40));
      return content.run({ ...shortRun, modelId, versionId, name: 'First name' });
    });
    const session = await open(workspace);
    onTestFinished(() => session.close());
    const [one, two] = [session.page, await session.openWindow()];
    await one.goto(session.address('/experiments'));
    await one.getByText('First name').first().waitFor();
    await two.goto(session.address(`/experiments/${id}/overview`));
    await two.getByRole('heading', { name: 'First name' }).waitFor();
    const renamed = await Promise.all([
      one.getByText('Second name').first().waitFor(),
      rename(two, 'First name', 'Second name'),
    ]);
    expect(renamed).toHaveLength(2);
  });
});

async function rename(page: Page, from: string, to: string): Promise<void> {
  await page
    .getByRole('button', { name: /rename/i })
    .first()
    .click();
  const field = page.getByRole('textbox', { name: /name/i }).first();
  await field.fill(to);
  await field.press('Enter');
  await page.getByText(from).first().waitFor({ state: 'detached' });
}
