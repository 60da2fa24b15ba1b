import axe from 'axe-core';
import { describe, expect, onTestFinished, test } from 'vitest';
import { hosts } from '../hosts/index.ts';
import { preparedWorkspace } from '../prepared.ts';

// What the window shows is the same on every host: one is enough here.
describe.each(hosts.slice(0, 1))('on the $name', ({ open }) => {
  test(
    'no page breaks a rule of accessibility, in the light theme and in the dark one',
    { timeout: 300_000 },
    async () => {
      const { workspace, model, data, run, other, adapter, exported } = await preparedWorkspace();
      const both = `ids=${run},${other}`;
      const addresses = [
        ...['/', '/data', '/data/import'],
        ...['report', 'rows', 'splits', 'versions'].map((tab) => `/data/${data}/${tab}`),
        ...['/models', `/models/${model}`, '/experiments', '/experiments/new'],
        ...['overview', 'evaluation', 'configuration', 'log'].map((tab) => `/experiments/${run}/${tab}`),
        ...['/compare', `/compare?${both}`, `/compare/disagreements?${both}`, `/compare/slices?${both}`],
        ...['/adapters', `/adapters/${adapter}`],
        ...['/exports', `/exports/new?experiment=${run}`, `/exports/${exported}`],
        ...['/playground', `/playground?experiment=${run}`],
        ...['runtime', 'storage', 'hub', 'appearance', 'shortcuts', 'about'].map(
          (part) => `/settings/${part}`,
        ),
      ];
      const session = await open(workspace);
      onTestFinished(() => session.close());
      const { page } = session;
      const found: string[] = [];
      for (const address of addresses) {
        await page.goto(session.address(address));
        await page.getByRole('main').getByRole('heading').first().waitFor();
        await page.waitForFunction(() => document.querySelector('[aria-busy="true"]') === null);
        await page.evaluate(axe.source);
        for (const theme of ['light', 'dark'] as const) {
          await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' });
          // A colour on its way from the other theme is none that anybody reads.
          await page.waitForFunction(
            (name) =>
              document.documentElement.dataset['theme'] === name && document.getAnimations().length === 0,
            theme,
          );
          const violations = await page.evaluate(async () => {
            const { violations: all } = await (window as unknown as { axe: typeof axe }).axe.run(document, {
              resultTypes: ['violations'],
            });
            return all.map(
              ({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(' | ')}`,
            );
          });
          found.push(...violations.map((violation) => `${address} ${theme} ${violation}`));
        }
      }
      expect(found).toEqual([]);
    },
  );
});
