import { spawn } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openSecrets } from '../../app/alerts/channels/secrets.node.ts';
import { temporaryFolder, threads } from '../support/folders.ts';

const program = new URL('slowburn.js', threads).pathname;
const SECRET = 'sEcReT-2b1d';

async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 600 && !condition(); i++) await new Promise((resolve) => setTimeout(resolve, 50));
  expect(condition()).toBe(true);
}

type Body = {
  readonly id: string;
  readonly event: string;
  readonly time: string;
  readonly gpu: { readonly index: number };
};

/** A recorder of two simulated cards that are both too hot, and a receiver that answers as told. */
async function openWorld() {
  const folder = temporaryFolder();
  const state = { status: 500, onMessage: () => undefined as void };
  const got: Body[] = [];
  const accepted: Body[] = [];
  const server = http.createServer((request, response) => {
    let text = '';
    request.on('data', (piece) => (text += String(piece)));
    request.on('end', () => {
      got.push(JSON.parse(text) as Body);
      state.onMessage();
      if (state.status === 200) accepted.push(got.at(-1)!);
      response.writeHead(state.status).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  openSecrets(folder).set('webhook', 'url', `http://127.0.0.1:${(server.address() as AddressInfo).port}/${SECRET}`);
  const configure = (on: boolean): void =>
    fs.writeFileSync(
      path.join(folder, 'settings.json'),
      JSON.stringify({
        alerts: { rules: { 'core-fixed': { on, limit: 30, holdS: 0 } }, channels: { webhook: { on: true } } },
      }),
    );
  configure(true);
  function start() {
    const env = {
      PATH: process.env['PATH'] ?? '',
      SLOWBURN_DATA_DIR: folder,
      SLOWBURN_CONFIG: '/nonexistent',
      SLOWBURN_SOURCE: 'simulator:2',
      SLOWBURN_INTERVAL: '0.1',
    };
    const child = spawn(process.execPath, [program, 'record'], { env, stdio: 'ignore' });
    onTestFinished(() => void child.kill('SIGKILL'));
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    const end = (signal: NodeJS.Signals): Promise<void> => {
      child.kill(signal);
      return ended;
    };
    return { end };
  }
  return { folder, state, got, accepted, configure, start };
}

const idsOf = (bodies: readonly Body[], event: string): string[] =>
  bodies.filter((one) => one.event === event).map(({ id }) => id);

describe('alerts of a recorder that is killed', () => {
  it('arrive once, whenever it was killed before the receiver worked', async () => {
    const { folder, state, got, accepted, configure, start } = await openWorld();
    for (let round = 0; round < 3; round++) {
      const before = got.length;
      const recorder = start();
      await until(() => got.length > before);
      await recorder.end('SIGKILL');
    }
    const [first] = got;
    state.status = 200;
    const recorder = start();
    await until(() => accepted.length === 2);
    expect(accepted[0]).toEqual(first); // with the id and the time of the first attempt
    expect(new Set(accepted.map(({ gpu }) => gpu.index)).size).toBe(2);
    await recorder.end('SIGTERM');
    const last = start();
    configure(false); // the rule ends, and so do its alerts
    await until(() => idsOf(accepted, 'cleared').length === 2);
    await last.end('SIGTERM');
    expect(accepted).toHaveLength(4);
    expect(new Set(accepted.map(({ id }) => id)).size).toBe(4);
    for (const name of ['recorder.log', 'settings.json']) {
      const file = name.endsWith('log') ? path.join(folder, 'log', name) : path.join(folder, name);
      expect(fs.readFileSync(file, 'utf8')).not.toContain(SECRET);
    }
  });

  it('arrive again with the same id if it was killed before the receiver had answered', async () => {
    const { state, got, start } = await openWorld();
    const recorder = start();
    let killed: Promise<void> | undefined;
    state.onMessage = () => void (killed ??= recorder.end('SIGKILL'));
    await until(() => killed !== undefined);
    await killed;
    const known = got.length;
    state.status = 200;
    const again = start();
    await until(() => idsOf(got, 'fired').length === known + 2);
    await again.end('SIGTERM');
    const ids = idsOf(got, 'fired');
    expect(new Set(ids).size).toBe(2);
    expect(ids.filter((id) => id === ids[0])).toHaveLength(2);
  });
});
