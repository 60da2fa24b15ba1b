import type { Page } from 'playwright-core';
import { describe, expect, onTestFinished, test } from 'vitest';
import { temporaryFolder } from '../content.ts';
import { browser, hosts } from '../hosts/index.ts';
import { webHost } from '../hosts/web-host.ts';
import { preparedWorkspace } from '../prepared.ts';

describe.each(hosts)('on the $name', ({ open }) => {
  test('what is done in one window is seen in the other', async () => {
    const { workspace, run } = await preparedWorkspace();
    const session = await open(workspace);
    onTestFinished(() => session.close());
    const [list, experiment] = [session.page, await session.openWindow()];
    await list.goto(session.address('/experiments'));
    await list.getByText('A run').first().waitFor();
    await experiment.goto(session.address(`/experiments/${run}/overview`));
    await experiment.getByRole('heading', { name: 'A run' }).waitFor();
    const renamed = await Promise.all([
      list.getByText('Second name').first().waitFor(),
      rename(experiment, 'A run', 'Second name'),
    ]);
    expect(renamed).toHaveLength(2);
    // What a page can do is found by its name.
    await experiment.keyboard.press('Control+K');
    await experiment.getByRole('combobox', { name: 'Find pages, things and actions' }).fill('duplicate');
    await experiment.keyboard.press('Enter');
    await experiment.waitForURL(/#\/experiments\/new/);
  });
});

test.runIf(browser)('another tab needs no key, another browser is told how to get in', async () => {
  const session = await webHost(browser!).open(await temporaryFolder());
  onTestFinished(() => session.close());
  const { page } = session;
  // Kept once the server has let it in.
  const kept = await page.waitForFunction(() => localStorage.getItem('graft-token'));
  const token = await kept.jsonValue();
  const tab = await page.context().newPage();
  await tab.goto(session.address('/settings'));
  await tab.getByRole('heading', { name: 'Settings' }).waitFor();
  await tab.getByText('This browser has no key').waitFor({ state: 'detached' });

  const stranger = await (await page.context().browser()!.newContext()).newPage();
  await stranger.goto(session.address('/data'));
  await stranger.getByText('This browser has no key to this Graft.').waitFor();
  const address = stranger.getByRole('textbox', { name: 'The address that Graft printed' });
  await address.fill(session.address('token=wrong'));
  await stranger.getByRole('button', { name: 'Open' }).click();
  await stranger.getByText('This address is not of the Graft that runs now.').waitFor();
  await address.fill(`${new URL(page.url()).origin}/#token=${token}`);
  await stranger.getByRole('button', { name: 'Open' }).click();
  await stranger.getByText('No data yet.').waitFor();
  // A link with a wrong key takes the right one away from nobody.
  await stranger.goto(`${new URL(page.url()).origin}/?again#token=wrong`);
  await stranger.goto(session.address('/data'));
  await stranger.getByText('No data yet.').waitFor();
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
