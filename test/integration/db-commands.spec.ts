import { execFile } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { lockRecorder } from '../../app/history/file/database.node.ts';
import { temporaryFolder, threads } from '../support/folders.ts';
import { frameWith, testGpu, tickWith } from '../support/frames.ts';
import { openStore } from '../support/store.ts';

const START = Date.UTC(2026, 2, 1, 9);
const program = new URL('slowburn.js', threads).pathname;
const fixture = (schema: number) => path.resolve(import.meta.dirname, `../fixtures/history/v${schema}.db`);

type Outcome = { readonly code: number; readonly text: string };

/** Runs the command as a person would; `text` is all that it said. */
async function slowburn(...args: readonly string[]): Promise<Outcome> {
  try {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [program, ...args]);
    return { code: 0, text: stdout + stderr };
  } catch (thrown) {
    const { code, stdout, stderr } = thrown as { code: number; stdout: string; stderr: string };
    return { code, text: stdout + stderr };
  }
}

/** A folder with a history of a minute and a half. */
function recorded(): string {
  const folder = temporaryFolder();
  const { store } = openStore(path.join(folder, 'history.db'));
  for (let i = 0; i < 90; i++) store.append(tickWith(START + i * 1000, 1000, [frameWith({ coreTempC: 50 + (i % 9) })]));
  store.close();
  return folder;
}

const files = (folder: string): string[] =>
  fs
    .readdirSync(folder)
    .filter((name) => !/-(wal|shm)$|\.lock$/.test(name))
    .sort();

describe('slowburn export', () => {
  it('writes the range it is asked for', async () => {
    const folder = recorded();
    const target = path.join(folder, 'out.csv');
    const range = ['--from', '2026-03-01T09:00:10Z', '--to', '2026-03-01 09:00:20Z'];
    const { code, text } = await slowburn(
      'export',
      target,
      '--data-dir',
      folder,
      '--metrics',
      'coreTempC',
      '--gpu',
      'GPU-test',
      ...range,
    );
    expect([code, text]).toEqual([0, expect.stringContaining('10 samples written')]);
    expect(fs.readFileSync(target, 'utf8').split('\r\n')[1]).toMatch(
      /^2026-03-01T09:00:10.000Z,GPU-test-0,.*,51,v,,[0-9a-f]{8}$/,
    );
  });

  it.each([
    [['--from', '2026-02-30'], 2, 'Give a date (2026-03-01)'],
    [['--from', '5'], 2, 'Give a date (2026-03-01)'],
    [['--to', '2026-03-01T25:00'], 2, 'Give a date (2026-03-01)'],
    [['--from', '2026-03-02', '--to', '2026-03-01'], 1, '--from must be before --to.'],
    [['--metrics', 'coreTempC,heat'], 2, 'There is no metric heat.'],
    [['--gpu', '7'], 1, 'There is no GPU 7 in the history.'],
    [['--format', 'xls'], 2, 'csv, jsonl, parquet'],
  ] as const)('says what is wrong with %s, and writes nothing', async (args, expected, sentence) => {
    const folder = recorded();
    const { code, text } = await slowburn('export', path.join(folder, 'out.csv'), '--data-dir', folder, ...args);
    expect([code, text]).toEqual([expected, expect.stringContaining(sentence)]);
    expect(files(folder)).toEqual(['history.db']);
  });
});

describe('slowburn db', () => {
  it('backs up, and restores over what is there and where nothing is', async () => {
    const folder = recorded();
    const backup = path.join(folder, 'backup.db');
    expect(await slowburn('db', 'backup', backup, '--data-dir', folder)).toMatchObject({ code: 0 });
    expect(await slowburn('db', 'backup', backup, '--data-dir', folder)).toMatchObject({ code: 1 }); // it is there already
    expect(await slowburn('db', 'restore', backup, '--data-dir', folder)).toMatchObject({ code: 0 });
    expect(files(folder)).toEqual(['backup.db', 'history.db', expect.stringMatching(/^history\.db\.replaced-/)]);
    const fresh = path.join(temporaryFolder(), 'new machine');
    expect(await slowburn('db', 'restore', backup, '--data-dir', fresh)).toMatchObject({ code: 0 });
    const { store } = openStore(path.join(fresh, 'history.db'));
    expect([...store.samplesBetween(testGpu().uuid, 0, 1e15)]).toHaveLength(90);
  });

  it.each([1, 2, 3, 4])('restores a backup that was made when the schema was %i', async (schema) => {
    const folder = temporaryFolder();
    expect(await slowburn('db', 'restore', fixture(schema), '--data-dir', folder)).toMatchObject({ code: 0 });
    const { code, text } = await slowburn('db', 'check', '--data-dir', folder);
    expect([code, text]).toEqual([0, expect.stringContaining('No damage found.')]);
  });

  it('restores what still stands in the write-ahead log of a copy', async () => {
    const { store, file } = openStore();
    store.append(tickWith(START, undefined, [frameWith({ coreTempC: 50 })]));
    const folder = temporaryFolder();
    for (const suffix of ['', '-wal']) fs.copyFileSync(file + suffix, path.join(folder, `copied.db${suffix}`));
    const into = temporaryFolder();
    expect(await slowburn('db', 'restore', path.join(folder, 'copied.db'), '--data-dir', into)).toMatchObject({
      code: 0,
    });
    const restored = openStore(path.join(into, 'history.db'));
    expect([...restored.store.samplesBetween(testGpu().uuid, 0, 1e15)]).toHaveLength(1);
  });

  it('says in a sentence why a file cannot be restored, checked or compacted, and leaves everything as it is', async () => {
    const folder = recorded();
    const made = (name: string, sql: string, version = 0) => {
      const db = new Database(path.join(folder, name));
      db.exec(sql);
      db.pragma(`user_version = ${version}`);
      db.close();
      return path.join(folder, name);
    };
    const text = path.join(folder, 'text.db');
    fs.writeFileSync(text, 'somebody’s diary\n'.repeat(300));
    const foreign = made('foreign.db', 'CREATE TABLE recipe (name)');
    const future = made('future.db', 'CREATE TABLE future (x)', 99);
    const old = path.join(folder, 'old.db');
    fs.copyFileSync(fixture(1), old);
    const before = new Map(files(folder).map((name) => [name, fs.readFileSync(path.join(folder, name), 'latin1')]));
    for (const [args, sentence] of [
      [['restore', path.join(folder, 'none.db')], /There is no file/],
      [['restore', text], /is not a history of Slowburn/],
      [['restore', foreign], /is not a history of Slowburn/],
      [['restore', future], /newer version of Slowburn/],
      [['check', '--file', old], /older version[^]*bring it up to date/],
      [['compact', '--file', foreign], /is not a history of Slowburn/],
      [['compact', '--file', text], /is not a history of Slowburn/],
      [['import', path.join(folder, 'none.csv')], /There is no file/],
      [['import', folder], /is a folder/],
    ] as const) {
      expect(await slowburn('db', ...args, '--data-dir', folder)).toEqual({
        code: 1,
        text: expect.stringMatching(sentence),
      });
    }
    const lock = lockRecorder(folder);
    expect((await slowburn('db', 'compact', '--data-dir', folder)).text).toMatch(/already recording[^]*Close Slowburn/);
    if (lock.ok) lock.value();
    expect(new Map(files(folder).map((name) => [name, fs.readFileSync(path.join(folder, name), 'latin1')]))).toEqual(
      before,
    );
  });
});
