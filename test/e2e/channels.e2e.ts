import fs from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { expect, open, picture, test } from './app.ts';

const SECRET = 'sEcReT-91c4';

test('sets up a channel, tests it, and never shows its secret again', async ({ slowburn }) => {
  const got: string[] = [];
  const server = http.createServer((request, response) => {
    got.push(`${request.method} ${request.url}`);
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/${SECRET}`;
  const { page } = await slowburn.launch('--source', 'simulator');
  await open(page, 'Alerts');
  const webhook = page.getByRole('listitem').filter({ hasText: 'Posts each alert as JSON' });
  await expect(webhook).toContainText('Not complete: Address.');
  await webhook.getByRole('button', { name: 'Send a test' }).click();
  await expect(webhook).toContainText('This channel is not complete: Address.');

  await webhook.getByRole('button', { name: 'Set up Webhook' }).click();
  await webhook.getByRole('textbox', { name: 'Address' }).fill(address);
  await webhook.getByRole('button', { name: 'Save: Address' }).click();
  await expect(webhook.getByRole('textbox', { name: 'Address' })).toHaveAttribute('placeholder', 'set');
  await expect(webhook.getByRole('textbox', { name: 'Address' })).toHaveValue('');
  await webhook.getByRole('button', { name: 'Send a test' }).click();
  await expect(webhook).toContainText('The receiver confirmed the test message.');
  expect(got).toEqual([`POST /${SECRET}`]);
  await webhook.getByRole('switch', { name: 'Webhook' }).click({ force: true });
  await expect(webhook).toContainText('Last confirmed');
  await expect(webhook).not.toContainText('Off.');
  await picture(page, 'channels');

  const settings = fs.readFileSync(path.join(slowburn.dataFolder, 'settings.json'), 'utf8');
  expect(JSON.parse(settings).alerts.channels.webhook).toMatchObject({ on: true });
  const states = await page.evaluate(() => window.slowburn.ask('notify.states'));
  for (const text of [settings, JSON.stringify(states), await page.content()]) expect(text).not.toContain(SECRET);

  const set = (alerts: object) => page.evaluate((change) => window.slowburn.ask('settings.set', change), { alerts });
  const { alerts } = JSON.parse(settings) as { alerts: { channels: { command: object } } };
  const command = { ...alerts.channels.command, on: true, command: ['touch', '/tmp/chosen-by-a-page'] };
  expect(await set({ ...alerts, channels: { ...alerts.channels, command } })).toMatchObject({
    ok: false,
    error: { code: 'forbidden' },
  });
  const password = { channel: 'email', name: 'password', value: SECRET };
  await page.evaluate((secret) => window.slowburn.ask('notify.setSecret', secret), password);
  const email = { ...(alerts.channels as Record<string, object>)['email'], host: 'elsewhere.example' };
  expect(await set({ ...alerts, channels: { ...alerts.channels, email } })).toMatchObject({ ok: true });
  expect(fs.readFileSync(path.join(slowburn.dataFolder, 'secrets.json'), 'utf8')).not.toContain('password');
  await webhook.getByRole('button', { name: 'Remove: Address' }).click();
  await expect(webhook).toContainText('Not complete: Address.');
  server.close();
});
