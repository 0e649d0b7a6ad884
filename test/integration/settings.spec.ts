import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { limitsOf } from '../../app/history/retention/limits.ts';
import { GRACE_MS } from '../../app/history/retention/grace.ts';
import { openRetentionPlan } from '../../app/history/retention/retention-plan.node.ts';
import { loadSettings } from '../../app/settings/file.node.ts';
import { openSettings } from '../../app/settings/owner.node.ts';
import { defaultSettings, type Settings } from '../../app/settings/settings.ts';
import { temporaryFolder } from '../support/folders.ts';
import { OLD_HOURS, RECENT_HOURS, writeLongHistory } from '../support/long-history.ts';
import { openStore } from '../support/store.ts';

const HOUR = 3_600_000;
const HOURS = OLD_HOURS + RECENT_HOURS;
/** A change so long ago that its grace is over now, as far as recording bears the clock out: to an hour or two ago. */
const CHANGED = Date.now() - GRACE_MS - 3 * HOUR;
const LONG = { retentionDays: 3650, historyCapMb: null };
const settingsOf = (change: Partial<Settings> = {}) => JSON.stringify({ ...defaultSettings, ...change }, null, 2);
const fileIn = (folder: string) => path.join(folder, 'settings.json');
const copiesIn = (folder: string) => fs.readdirSync(folder).filter((name) => name.includes('.unreadable-'));

let longHistory: string;
beforeAll(() => {
  longHistory = fs.mkdtempSync('/tmp/slowburn-long-');
  writeLongHistory(longHistory, 3);
  return () => fs.rmSync(longHistory, { recursive: true, force: true });
});

/** A data folder with 1,200 hours on three cards, whose limits have been in force for long. */
function folderWithHistory(limits: Pick<Settings, 'retentionDays' | 'historyCapMb'> | null = LONG) {
  const folder = temporaryFolder();
  fs.cpSync(longHistory, folder, { recursive: true });
  if (limits) {
    const state = { retentionDays: { inForce: limits.retentionDays }, historyCapMb: { inForce: limits.historyCapMb } };
    fs.writeFileSync(path.join(folder, 'history.retention.json'), JSON.stringify(state));
  }
  return folder;
}

/** All the housekeeping that a recorder started at a moment would do. Answers the hours that are left. */
function housekeep(folder: string, nowMs = Date.now()): number {
  const { settings, suspended } = loadSettings(folder);
  const { store } = openStore(path.join(folder, 'history.db'));
  const plan = openRetentionPlan(
    path.join(folder, 'history.db'),
    limitsOf(settings, suspended),
    store.extent() === undefined,
    nowMs,
  );
  while (store.housekeep(plan.ruleAt(nowMs, store.believedMs(nowMs)), nowMs));
  // each hour holds six samples of each of three cards
  const left = store.storage().gpus.reduce((sum, { samples }) => sum + samples, 0) / 18;
  store.close();
  return left;
}

async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 300 && !condition(); i++) await new Promise((resolve) => setTimeout(resolve, 50));
  expect(condition()).toBe(true);
}

describe('a history of 1,200 hours', () => {
  const mark = '\uFEFF';
  const damaged: Readonly<Record<string, (file: string) => void>> = {
    'an empty file': (file) => fs.writeFileSync(file, ''),
    'a file cut off in a number': (file) => fs.writeFileSync(file, '{"historyCapMb": null, "retentionDays": 1'),
    'a value of a later version': (file) => fs.writeFileSync(file, settingsOf({ ...LONG, theme: 'sepia' as never })),
    'a byte-order mark': (file) => fs.writeFileSync(file, mark + settingsOf(LONG)),
    'text in UTF-16': (file) => fs.writeFileSync(file, mark + settingsOf(LONG), 'utf16le'),
    'bytes that are no text': (file) => fs.writeFileSync(file, Buffer.from([0x7b, 0xff, 0xfe, 0x7d])),
    'days that are text': (file) => fs.writeFileSync(file, settingsOf({ retentionDays: '1' as never })),
    'days and size that are null': (file) => fs.writeFileSync(file, '{"retentionDays": null, "historyCapMb": null}'),
    'neither days nor size': (file) => fs.writeFileSync(file, '{"theme": "dark"}'),
    'no file any more': (file) => fs.rmSync(file, { force: true }),
    'a link to nowhere': (file) => fs.symlinkSync(`${file}.gone`, file),
    'a folder in its place': (file) => fs.mkdirSync(file),
    'a named pipe': (file) => execFileSync('mkfifo', [file]),
    'a device': (file) => fs.symlinkSync('/dev/zero', file),
    'a file of 100 MB': (file) => fs.truncateSync((fs.writeFileSync(file, settingsOf()), file), 100_000_000),
  };

  it.each(Object.keys(damaged))('loses nothing to settings with %s', (name) => {
    const folder = folderWithHistory();
    damaged[name]!(fileIn(folder));
    expect(housekeep(folder, CHANGED)).toBe(HOURS);
    expect(housekeep(folder)).toBe(HOURS); // nor after a day
    const { suspended, problems } = loadSettings(folder);
    const harmless = ['a value of a later version', 'a byte-order mark', 'text in UTF-16'].includes(name);
    expect(suspended.length > 0).toBe(!harmless);
    if (name !== 'a byte-order mark' && name !== 'text in UTF-16' && name !== 'neither days nor size')
      expect(problems.length).toBeGreaterThan(0);
  });

  it('loses nothing to damaged settings though a tighter limit waited', () => {
    const folder = folderWithHistory();
    fs.writeFileSync(fileIn(folder), settingsOf());
    expect(housekeep(folder, CHANGED)).toBe(HOURS);
    fs.writeFileSync(fileIn(folder), '');
    expect(housekeep(folder)).toBe(HOURS);
  });

  it('keeps its hours for a day after a tighter limit, across restarts, then gives up what the limit says', () => {
    const folder = folderWithHistory();
    fs.writeFileSync(fileIn(folder), settingsOf());
    expect(housekeep(folder, CHANGED)).toBe(HOURS);
    expect(housekeep(folder, CHANGED + GRACE_MS - HOUR)).toBe(HOURS);
    expect(housekeep(folder)).toBe(RECENT_HOURS);
  });

  it('keeps its hours for a day after a smaller size too', () => {
    const folder = folderWithHistory();
    const { store } = openStore(path.join(folder, 'history.db'));
    const { fileBytes, freeBytes } = store.storage();
    store.close();
    const given = { retentionDays: null, historyCapMb: (fileBytes - freeBytes) / 2e6 };
    const file = path.join(folder, 'history.db');
    const keepAt = (nowMs: number): number => {
      const opened = openStore(file).store;
      const plan = openRetentionPlan(file, given, false, nowMs);
      while (opened.housekeep(plan.ruleAt(nowMs, opened.believedMs(nowMs)), nowMs));
      const { samples } = opened.storage().gpus[0]!;
      opened.close();
      return samples / 6;
    };
    expect(keepAt(CHANGED)).toBe(HOURS);
    expect(keepAt(CHANGED + GRACE_MS - HOUR)).toBe(HOURS);
    expect(keepAt(Date.now())).toBeLessThan(HOURS);
  });

  it('keeps its hours when the old limit is set again within the day', () => {
    const folder = folderWithHistory();
    fs.writeFileSync(fileIn(folder), settingsOf());
    expect(housekeep(folder, CHANGED)).toBe(HOURS);
    fs.writeFileSync(fileIn(folder), settingsOf(LONG));
    expect(housekeep(folder, CHANGED + HOUR)).toBe(HOURS);
    expect(housekeep(folder)).toBe(HOURS);
  });

  it('keeps its hours for a day where no limit before is known', () => {
    const folder = folderWithHistory(null);
    fs.writeFileSync(fileIn(folder), settingsOf());
    expect(housekeep(folder, CHANGED)).toBe(HOURS);
    expect(housekeep(folder)).toBe(RECENT_HOURS);
  });

  it.each([Number.NaN, Infinity, -Infinity, -1, 0, undefined])('loses nothing to limits of %s', (limit) => {
    const folder = folderWithHistory();
    const { store } = openStore(path.join(folder, 'history.db'));
    const rule = { retentionDays: limit as number, historyCapMb: limit as number };
    const nowMs = Date.now();
    while (store.housekeep(rule, nowMs));
    expect(store.retentionPreview(rule, nowMs)).toMatchObject({ samples: 0, hours: 0, gpus: 0 });
    expect(store.storage().gpus[0]!.samples).toBe(HOURS * 6);
  });

  it('says how many hours on how many cards a limit deletes', () => {
    const { store } = openStore(path.join(folderWithHistory(), 'history.db'));
    const preview = store.retentionPreview({ retentionDays: 365, historyCapMb: null }, Date.now());
    expect(preview).toMatchObject({ hours: OLD_HOURS, gpus: 3, samples: OLD_HOURS * 18 });
  });
});

describe('the file of settings', () => {
  const open = (folder: string) => {
    let heard = 0;
    const owner = openSettings(folder, () => heard++);
    onTestFinished(() => owner.close());
    return { owner, heard: () => heard };
  };

  it('is written at the first start of an empty folder, so that a missing one is noticed later', () => {
    const folder = temporaryFolder();
    expect(open(folder).owner.report()).toMatchObject({ problems: [], suspended: [] });
    expect(loadSettings(folder)).toMatchObject({ state: 'read', settings: defaultSettings, suspended: [] });
    fs.writeFileSync(path.join(folder, 'history.db'), '');
    fs.rmSync(fileIn(folder));
    expect(loadSettings(folder)).toMatchObject({ state: 'missing', suspended: ['retentionDays', 'historyCapMb'] });
    expect(open(folder).owner.report().problems).toHaveLength(1);
    expect(fs.existsSync(fileIn(folder))).toBe(false); // no defaults are put in its place
  });

  it('that cannot be read in full is copied aside once for each content', () => {
    const folder = temporaryFolder();
    for (const text of ['', '', '{', '{"theme": 1}', '{']) {
      fs.writeFileSync(fileIn(folder), text);
      const { copy } = open(folder).owner.report();
      expect(fs.readFileSync(copy!, 'utf8')).toBe(text);
    }
    expect(copiesIn(folder)).toHaveLength(3);
  });

  it('leaves at most twenty copies behind, the newest', () => {
    const folder = temporaryFolder();
    for (let i = 0; i < 30; i++) {
      fs.writeFileSync(fileIn(folder), `{"theme": ${i}}`);
      open(folder).owner.close();
    }
    expect(copiesIn(folder)).toHaveLength(20);
  });

  it('that is no JSON gives limits only once a person has set them', () => {
    const folder = temporaryFolder();
    fs.writeFileSync(fileIn(folder), '{"retentionDays": 3650,');
    const { owner } = open(folder);
    expect(owner.change({ theme: 'dark' }).ok).toBe(true);
    expect(owner.settings().theme).toBe('dark');
    expect(owner.report().suspended).toEqual(['retentionDays', 'historyCapMb']);
    expect(fs.readFileSync(path.join(folder, copiesIn(folder)[0]!), 'utf8')).toBe('{"retentionDays": 3650,');
    expect(owner.change({ retentionDays: 30, historyCapMb: null }).ok).toBe(true);
    expect(owner.report()).toMatchObject({ problems: [], suspended: [] });
  });

  it('is not overwritten while it cannot be copied aside', () => {
    const folder = temporaryFolder();
    const { owner } = open(folder);
    fs.writeFileSync(fileIn(folder), 'broken');
    // a folder in the place of the copy's temporary file keeps the copy from being written
    const probe = temporaryFolder();
    fs.writeFileSync(fileIn(probe), 'broken');
    const name = path.basename(open(probe).owner.report().copy!);
    fs.mkdirSync(path.join(folder, `${name}.${process.pid}.tmp`));
    expect(owner.change({ theme: 'dark' })).toMatchObject({ ok: false, error: { code: 'write-failed' } });
    expect(fs.readFileSync(fileIn(folder), 'utf8')).toBe('broken');
  });

  it.each([
    ['a named pipe', (file: string) => execFileSync('mkfifo', [file]), /a pipe/],
    ['a device', (file: string) => fs.symlinkSync('/dev/zero', file), /a device/],
    ['a folder', (file: string) => fs.mkdirSync(file), /a folder/],
    ['a file above 1 MiB', (file: string) => fs.writeFileSync(file, ' '.repeat(2 ** 20 + 1)), /larger than 1 MiB/],
  ])('is neither read nor replaced where it is %s', (_, make, why) => {
    const folder = temporaryFolder();
    make(fileIn(folder));
    const { owner } = open(folder);
    expect(owner.report().problems).toMatchObject([
      { field: '', message: expect.stringMatching(why), next: expect.any(String) },
    ]);
    expect(owner.change({ theme: 'dark' })).toMatchObject({ ok: false, error: { code: 'settings-unreadable' } });
    expect(copiesIn(folder)).toEqual([]);
  });
  it('of 1 MiB is read', () => {
    const folder = temporaryFolder();
    const text = settingsOf({ theme: 'dark' });
    fs.writeFileSync(fileIn(folder), text + ' '.repeat(2 ** 20 - text.length));
    expect(loadSettings(folder).settings.theme).toBe('dark');
  });

  const ways: Readonly<Record<string, (file: string, text: string) => void>> = {
    'in place': (file, text) => fs.writeFileSync(file, text),
    'by another file that takes its name': (file, text) => {
      fs.writeFileSync(`${file}~`, text);
      fs.renameSync(`${file}~`, file);
    },
    'by a link to another file': (file, text) => {
      fs.writeFileSync(`${file}.managed`, text);
      fs.rmSync(file);
      fs.symlinkSync(`${file}.managed`, file);
    },
    'in the file that a link leads to': (file, text) => {
      if (!fs.lstatSync(file).isSymbolicLink()) throw new Error('no link');
      fs.writeFileSync(fs.realpathSync(file), text);
    },
  };
  it.each(Object.keys(ways))('is taken when somebody changes it %s', async (way) => {
    const folder = temporaryFolder();
    if (way.startsWith('in the file')) {
      fs.writeFileSync(path.join(folder, 'managed.json'), settingsOf());
      fs.symlinkSync(path.join(folder, 'managed.json'), fileIn(folder));
    }
    const { owner, heard } = open(folder);
    ways[way]!(fileIn(folder), settingsOf({ intervalMs: 300 }));
    await until(() => heard() > 0);
    expect(owner.settings().intervalMs).toBe(300);
    fs.rmSync(fileIn(folder));
    fs.writeFileSync(path.join(folder, 'history.db'), '');
    await until(() => owner.report().suspended.length === 2);
  });

  it('is no news after a change of our own, which keeps the link and what somebody else wrote meanwhile', async () => {
    const folder = temporaryFolder();
    const managed = path.join(folder, 'managed.json');
    fs.writeFileSync(managed, settingsOf({ theme: 'light' }));
    fs.symlinkSync(managed, fileIn(folder));
    const { owner, heard } = open(folder);
    fs.writeFileSync(managed, settingsOf({ theme: 'dark' })); // not noticed yet
    owner.change({ intervalMs: 200 });
    expect(owner.settings()).toMatchObject({ theme: 'dark', intervalMs: 200 });
    expect(fs.lstatSync(fileIn(folder)).isSymbolicLink()).toBe(true);
    await new Promise((resolve) => setTimeout(resolve, 2500));
    expect(heard()).toBe(1);
  });
});
