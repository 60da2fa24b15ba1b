import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Content, plainRows, shortRun, temporaryFolder } from '../content.ts';
import { browser } from '../hosts/index.ts';
import { standIn } from '../hosts/stand-in.ts';

const host = browser && standIn(browser);

async function opened() {
  const workspace = await temporaryFolder();
  const session = await host!.open(workspace);
  return { workspace, session };
}

describe.runIf(host)('the desktop app on the stand-in', () => {
  test('remembers where its window was, and opens it there again', async () => {
    const { workspace, session } = await opened();
    await session.page.getByRole('navigation').first().waitFor();
    await session.close();
    const bounds: unknown = JSON.parse(readFileSync(path.join(session.userData, 'window.json'), 'utf8'));
    expect(bounds).toEqual({ x: 0, y: 0, width: 1440, height: 900 });
    const again = await host!.open(workspace);
    onTestFinished(() => again.close());
    expect(await again.page.evaluate(() => [innerWidth, innerHeight])).toEqual([1440, 900]);
  });

  test('a second start shows the first, on the page that its link names', async () => {
    const { session } = await opened();
    onTestFinished(() => session.close());
    await session.page.getByRole('navigation').first().waitFor();
    session.tell({ type: 'second-instance', argv: ['graft', 'graft://settings'] });
    await session.page.waitForURL(/#\/settings/);
    session.tell({ type: 'second-instance', argv: ['graft', 'graft://../../etc/passwd'] });
    session.tell({ type: 'second-instance', argv: ['graft', 'graft://data'] });
    await session.page.waitForURL(/#\/data/);
  });

  test('keeps the hub token in the key store, sealed, and never shows it again', async () => {
    const { session } = await opened();
    onTestFinished(() => session.close());
    await session.page.goto(session.address('/settings/hub'));
    const field = session.page.getByLabel('Token', { exact: true });
    await field.fill('hf_thisIsASecret');
    await session.page.getByRole('button', { name: 'Keep' }).last().click();
    const file = path.join(session.userData, 'secrets.json');
    await expect.poll(() => existsSync(file)).toBe(true);
    expect(readFileSync(file, 'utf8')).not.toContain('hf_thisIsASecret');
    await session.page.reload();
    await session.page.getByRole('navigation').first().waitFor();
    expect(await session.page.content()).not.toContain('hf_thisIsASecret');
  });

  test('asks before it quits while a run is on, stays, and closes when told to', async () => {
    const workspace = await temporaryFolder();
    await Content.fill(workspace, async (content) => {
      const modelId = await content.addModel(`${workspace}/tiny`);
      const versionId = await content.importRows(`${workspace}/data`, 'Messages', plainRows(80));
      const training = { ...shortRun.training, num_train_epochs: 2000, eval_strategy: 'no' };
      await content.call('experiments/create', {
        spec: { ...shortRun, modelId, versionId, name: 'Long', training },
      });
    });
    const session = await host!.open(workspace);
    await session.page.goto(session.address('/experiments'));
    await session.page.getByRole('link', { name: 'Long' }).first().click();
    const goOn = session.page.getByRole('button', { name: /^(Go on|Start again)/ }).first();
    await goOn
      .or(session.page.getByRole('button', { name: 'Pause' }))
      .first()
      .waitFor();
    if (await goOn.isVisible()) await goOn.click();
    await expect
      .poll(() => session.heard.some(({ type }) => type === 'progress'), { timeout: 30_000 })
      .toBe(true);
    expect(session.heard).toContainEqual({ type: 'utility-process', service: 'Graft engine' });
    session.tell({ type: 'message-box', response: 1 });
    session.tell({ type: 'quit' });
    await expect
      .poll(() => session.heard.some((one) => one.type === 'asked' && one.message.includes('Long')))
      .toBe(true);
    expect(await session.page.title()).toContain('Graft');
    await session.close();
    expect(await session.ended).toBe(0);
  });

  test('a workspace that cannot be opened is said in a box, and the app ends', async () => {
    const workspace = await temporaryFolder();
    await Content.fill(workspace, async () => {
      // While this is open, the lock is free: the first start of the app takes it.
    });
    const first = await host!.open(workspace);
    onTestFinished(() => first.close());
    await first.page.getByRole('navigation').first().waitFor();
    const second = await host!.open(workspace);
    expect(await second.ended).toBe(0);
    expect(second.heard).toContainEqual(expect.objectContaining({ type: 'error-box' }));
  });
});
