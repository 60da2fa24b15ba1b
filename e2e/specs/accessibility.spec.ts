import axe from 'axe-core';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Content, plainRows, shortRun, temporaryFolder } from '../content.ts';
import { hosts } from '../hosts/index.ts';

// What the window shows is the same on every host: one is enough here.
describe.each(hosts.slice(0, 1))('on the $name', ({ open }) => {
  test.each(['light', 'dark'] as const)(
    'no page breaks a rule of accessibility in the %s theme',
    async (theme) => {
      const workspace = await temporaryFolder();
      const addresses = await Content.fill(workspace, async (content) => {
        const modelId = await content.addModel(`${workspace}/tiny`);
        const versionId = await content.importRows(`${workspace}/data`, 'Messages', plainRows(120));
        const id = await content.run({ ...shortRun, modelId, versionId, name: 'A run' });
        const other = await content.run({ ...shortRun, modelId, versionId, name: 'Another', training: {} });
        const { adapterId } = await content.call('experiments/read', { id });
        const exported = await content.export(id, `${workspace}/exported`, ['hf', 'onnx-int8']);
        const both = `ids=${id},${other}`;
        const data = (await content.call('datasets/list', {})).datasets[0]!.id;
        await content.call('settings/write', { preferences: { theme } });
        return [
          ...['/', '/data', '/data/import'],
          ...['report', 'rows', 'splits', 'versions'].map((tab) => `/data/${data}/${tab}`),
          ...['/models', `/models/${modelId}`, '/experiments', '/experiments/new'],
          ...['overview', 'evaluation', 'configuration', 'log'].map((tab) => `/experiments/${id}/${tab}`),
          ...['/compare', `/compare?${both}`, `/compare/disagreements?${both}`, `/compare/slices?${both}`],
          ...['/adapters', `/adapters/${adapterId}`],
          ...['/exports', `/exports/new?experiment=${id}`, `/exports/${exported}`],
          ...['/playground', `/playground?experiment=${id}`],
          ...['runtime', 'storage', 'hub', 'appearance', 'shortcuts', 'about'].map(
            (part) => `/settings/${part}`,
          ),
        ];
      });
      const session = await open(workspace);
      onTestFinished(() => session.close());
      const { page } = session;
      const found: string[] = [];
      for (const address of addresses) {
        await page.goto(session.address(address));
        await page.getByRole('main').getByRole('heading').first().waitFor();
        await page.waitForFunction(() => document.querySelector('[aria-busy="true"]') === null);
        await page.evaluate(axe.source);
        const violations = await page.evaluate(async () => {
          const { violations: all } = await (window as unknown as { axe: typeof axe }).axe.run(document, {
            resultTypes: ['violations'],
          });
          return all.map(
            ({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(' | ')}`,
          );
        });
        found.push(...violations.map((violation) => `${address} ${violation}`));
      }
      expect(found).toEqual([]);
    },
  );
});
