import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { renewSettings } from '../../app/recorder/renew-settings.node.ts';
import { loadSettings } from '../../app/settings/file.node.ts';
import { defaultSettings } from '../../app/settings/settings.ts';
import { temporaryFolder, threads } from '../support/folders.ts';
import { frameWith, tickWith } from '../support/frames.ts';
import { compileMock } from '../support/mock-nvml.ts';
import { until } from '../support/processes.ts';
import { openStore } from '../support/store.ts';

const DAY = 86_400_000;
const NOW = Date.UTC(2026, 5, 1);
const { retentionDays, historyCapMb } = defaultSettings;
const BOTH = ['retentionDays', 'historyCapMb'];

/** A folder without settings, with a history that began some days ago. */
function folderOf(days: number, { noted, endMs = NOW }: { noted?: object | undefined; endMs?: number } = {}) {
  const folder = temporaryFolder();
  const file = path.join(folder, 'history.db');
  const { store } = openStore(file);
  for (const tsMs of [endMs - days * DAY, endMs - 1000])
    store.append(tickWith(tsMs, undefined, [frameWith({ powerW: 200 })]));
  while (store.tidy(endMs + 2 * DAY));
  if (noted) fs.writeFileSync(path.join(folder, 'history.retention.json'), JSON.stringify(noted));
  return { folder, renew: (nowMs = NOW) => renewSettings(folder, file, store, nowMs) };
}
const noted = (days: number | null, cap: number | null) => ({
  retentionDays: { inForce: days },
  historyCapMb: { inForce: cap },
});

describe('a folder with a history and no settings', () => {
  it.each([
    ['gets the defaults where they delete nothing', 300, undefined, [retentionDays, historyCapMb]],
    ['stays as it is where they would delete something', 400, undefined, undefined],
    ['gets the limits that were in force', 400, noted(3650, null), [3650, null]],
    ['gets tighter limits that were in force', 20, noted(30, 500), [30, 500]],
    [
      'gets the defaults where no limit was in force, and they delete nothing',
      20,
      noted(null, null),
      [retentionDays, historyCapMb],
    ],
    ['stays as it is where no limit was in force, and they would delete something', 400, noted(null, 500), undefined],
    ['does not take a limit that is none', 400, noted(0.5, null), undefined],
  ] as const)('%s', (_, days, note, expected) => {
    const { folder, renew } = folderOf(days, { noted: note });
    expect(loadSettings(folder)).toMatchObject({ state: 'missing', suspended: BOTH });
    const notice = renew();
    const { state, settings, suspended, problems } = loadSettings(folder);
    expect(notice === undefined).toBe(expected === undefined);
    expect(state).toBe(expected ? 'read' : 'missing');
    expect(suspended).toEqual(expected ? [] : BOTH);
    if (!expected) return;
    expect(problems).toEqual([]);
    expect([settings.retentionDays, settings.historyCapMb]).toEqual(expected);
    expect(notice!.next).toContain(`${expected[0]} days`);
    expect(renew()).toBeUndefined(); // once
  });

  it('is judged by its newest sample where the clock was set back', () => {
    expect(folderOf(400).renew(NOW - 300 * DAY)).toBeUndefined();
  });

  it.each([
    ['cannot be read', (file: string) => fs.writeFileSync(file, '{"retentionDays": 3')],
    ['are a link to nowhere', (file: string) => fs.symlinkSync(`${file}.gone`, file)],
    ['are a folder', (file: string) => fs.mkdirSync(file)],
    ['give no limits', (file: string) => fs.writeFileSync(file, '{}')],
  ])('is only that: settings that %s stay as they are, and deletion suspended', (_, make) => {
    const { folder, renew } = folderOf(1, { noted: noted(30, null) });
    make(path.join(folder, 'settings.json'));
    expect(renew()).toBeUndefined();
    expect(loadSettings(folder).suspended).toEqual(BOTH);
  });

  it('is given settings by the recorder that starts there, which says so once and applies them', async () => {
    const { folder } = folderOf(300, { endMs: Date.now() });
    const args = ['monitor', '--quiet', '--source', `nvml:${compileMock()}`, '--data-dir', folder];
    const program = new URL('slowburn.js', threads).pathname;
    const start = () => {
      const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
      const said = { text: '' };
      child.stderr.on('data', (text) => (said.text += String(text)));
      onTestFinished(() => void child.kill('SIGKILL'));
      const ended = new Promise((resolve) => child.once('exit', resolve));
      return { said, stop: () => (child.kill('SIGINT'), ended) };
    };
    const limits = () => {
      const file = path.join(folder, 'history.retention.json');
      return fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : '';
    };
    const first = start();
    expect(await until(() => limits().includes(`"value":${retentionDays}`))).toBe(true); // waits its 24 hours
    await first.stop();
    expect(first.said.text).toContain('were missing, although this folder has a history. Slowburn wrote a new file.');
    const second = start();
    expect(await until(() => fs.existsSync(path.join(folder, 'recorder.json')))).toBe(true);
    await second.stop();
    expect(second.said.text).not.toMatch(/missing|No recorded samples are deleted/);
  });
});
