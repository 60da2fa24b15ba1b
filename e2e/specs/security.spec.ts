import path from 'node:path';
import type { Page } from 'playwright-core';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Content, plainRows, shortRun, temporaryFolder } from '../content.ts';
import { hosts } from '../hosts/index.ts';

/** Each would run, or leave the page, if it were taken for markup. */
const attack = `<img src=x onerror="window.attacked=1"><script>window.attacked=1</script><svg onload="window.attacked=1">`;
const link = `javascript:window.attacked=1`;

async function pages(workspace: string): Promise<string[]> {
  return Content.fill(workspace, async (content) => {
    // A folder's name cannot hold a slash.
    const folder = path.join(`${workspace}-models`, attack.replaceAll('/', '⁄'));
    const modelId = await content.addModel(folder);
    const rows = plainRows(40);
    for (const label of [attack, link]) rows.push([attack, label, 'train'], [link, label, 'test']);
    const versionId = await content.importRows(`${workspace}-data`, attack.slice(0, 190), rows);
    const id = await content.run({ ...shortRun, modelId, versionId, name: attack, tags: ['<b>tag</b>'] });
    await content.call('experiments/update', { id, notes: attack });
    const { datasets } = await content.call('datasets/list', {});
    const data = datasets[0]!.id;
    return [
      '/',
      '/data',
      ...['report', 'rows', 'splits', 'versions'].map((tab) => `/data/${data}/${tab}`),
      '/models',
      `/models/${modelId}`,
      '/experiments',
      ...['overview', 'evaluation', 'configuration', 'log'].map((tab) => `/experiments/${id}/${tab}`),
      '/experiments/new',
      '/settings',
    ];
  });
}

describe.each(hosts)('on the $name', ({ open }) => {
  test('hostile rows, labels, names and notes stay text on every page', async () => {
    const workspace = await temporaryFolder();
    const addresses = await pages(workspace);
    const session = await open(workspace);
    onTestFinished(() => session.close());
    const { page } = session;
    const dialogs: string[] = [];
    page.on('dialog', (dialog) => {
      dialogs.push(dialog.message());
      void dialog.dismiss();
    });
    for (const address of addresses) {
      await page.goto(session.address(address));
      await page.getByRole('main').getByRole('heading').first().waitFor();
      await settled(page);
      const attacked = await page.evaluate(() => ({
        ran: 'attacked' in window,
        elements: document.querySelectorAll('main img[src="x"], main script, main svg[onload]').length,
      }));
      expect([address, attacked]).toEqual([address, { ran: false, elements: 0 }]);
    }
    expect(dialogs).toEqual([]);
    await page.goto(session.address('/experiments'));
    // The filters' closed lists hold the name too.
    await page.getByText('<img src=x onerror=').filter({ visible: true }).first().waitFor();
  });

  test('the page cannot be left, framed, or made to fetch from elsewhere', async () => {
    const session = await open(await temporaryFolder());
    onTestFinished(() => session.close());
    const { page } = session;
    await page.getByRole('navigation').first().waitFor();
    const origin = new URL(page.url()).host;
    const outcome = await page.evaluate(async () => {
      const tried = async (work: () => Promise<unknown>) => {
        try {
          await work();
          return 'allowed';
        } catch {
          return 'denied';
        }
      };
      const script = document.createElement('script');
      script.textContent = 'window.attacked = 1';
      document.body.append(script);
      const frame = document.createElement('iframe');
      frame.src = 'https://example.org/';
      document.body.append(frame);
      return {
        fetch: await tried(() => fetch('https://example.org/')),
        // In a task of its own: what the test's driver runs itself is let through.
        code: await tried(
          () =>
            new Promise((resolve, reject) => {
              setTimeout(() => {
                try {
                  resolve(Reflect.construct(Function, ['return 1']));
                } catch {
                  reject(new Error('denied'));
                }
              });
            }),
        ),
        inline: 'attacked' in window ? 'allowed' : 'denied',
        node: typeof (globalThis as Record<string, unknown>)['require'],
        process: typeof (globalThis as Record<string, unknown>)['process'],
      };
    });
    expect(outcome).toEqual({
      fetch: 'denied',
      code: 'denied',
      inline: 'denied',
      node: 'undefined',
      process: 'undefined',
    });
    expect(new URL(page.url()).host).toBe(origin);
  });
});

/** Until nothing is loading any more: what was asked for has come, and its markup with it. */
async function settled(page: Page): Promise<void> {
  await page.waitForFunction(() => document.querySelector('[aria-busy="true"]') === null);
  await page.evaluate(
    () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => resolve(null)))),
  );
}
