import fs from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lockRecorder, openBlank, openDatabase } from '../../app/history/file/database.node.ts';
import { writeRecorder } from '../../app/core/recorder-note.node.ts';
import { makeFolder } from '../../app/core/folders.node.ts';
import { openLedgerStore } from '../../app/wear/ledger/ledger-store.node.ts';
import { openMeterNote } from '../../app/workload/meter/note.node.ts';
import { temporaryFolder } from '../support/folders.ts';

// What ran on a machine, and when, is its owner's alone. Windows keeps the files of a profile private itself.

const modeOf = (file: string): string => (fs.lstatSync(file).mode & 0o777).toString(8);
const below = (folder: string): string[] =>
  fs.readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => path.join(folder, name));
const open = (folder: string): string[] =>
  [folder, ...below(folder)].filter((file) => (fs.lstatSync(file).mode & 0o077) !== 0);

describe.skipIf(process.platform === 'win32')('with the usual umask of 022', () => {
  let before: number;
  beforeAll(() => void (before = process.umask(0o022)));
  afterAll(() => void process.umask(before));

  it('a data folder and all that is written into it are for the owner alone', () => {
    const folder = path.join(temporaryFolder(), 'a', 'data');
    makeFolder(folder);
    const release = lockRecorder(folder);
    const database = openDatabase(path.join(folder, 'history.db'));
    if (!release.ok || !database.ok) throw new Error('not opened');
    database.value.db.exec('CREATE TABLE written (x)');
    writeRecorder(folder, { pid: process.pid, databaseFile: 'history.db' });
    openLedgerStore(path.join(folder, 'ledger')).open('GPU-1', 'A card');
    const note = openMeterNote(folder, null);
    note.write({ requests: 0, running: 0, tokens: 0, promptTokens: 0, images: 0, inexact: 0, busyMs: 0 });
    const copy = openBlank(path.join(folder, 'history.backup.db'));
    copy.exec('CREATE TABLE x (y)');
    expect(below(folder).map((file) => path.basename(file))).toEqual(
      expect.arrayContaining([
        'history.db',
        'history.db-wal',
        'history.db-shm',
        'recorder.lock',
        'recorder.json',
        'GPU-1.jsonl',
        'history.backup.db',
      ]),
    );
    expect(open(folder)).toEqual([]);
    copy.close();
    database.value.db.close();
    release.value();
  });

  it('what an earlier version left open is closed at the next start', () => {
    const folder = temporaryFolder();
    fs.chmodSync(folder, 0o755);
    for (const name of ['ledger', 'meters', 'window']) fs.mkdirSync(path.join(folder, name), { mode: 0o755 });
    const files = [
      'history.db',
      'history.db-wal',
      'history.db.damaged-1',
      'settings.json',
      'secrets.json',
      'settings.json.bad',
      'recorder.json',
      'tap.journal',
      'ledger/GPU-1.jsonl',
      'meters/1.json',
    ];
    for (const name of files) fs.writeFileSync(path.join(folder, name), '', { mode: 0o644 });
    const lock = lockRecorder(folder);
    expect(lock.ok).toBe(true);
    expect(open(folder)).toEqual([]);
    expect(modeOf(folder)).toBe('700');
    expect(modeOf(path.join(folder, 'window'))).toBe('700');
    if (lock.ok) lock.value();
  });

  it('a folder that a person shares with others stays open, and so do files that are not ours', () => {
    const folder = temporaryFolder();
    fs.chmodSync(folder, 0o755);
    const elsewhere = path.join(temporaryFolder(), 'elsewhere.db');
    fs.writeFileSync(elsewhere, '', { mode: 0o644 });
    fs.writeFileSync(path.join(folder, 'notes.txt'), '', { mode: 0o644 });
    fs.writeFileSync(path.join(folder, 'history.db'), '', { mode: 0o644 });
    fs.symlinkSync(elsewhere, path.join(folder, 'history.old.db'));
    const lock = lockRecorder(folder);
    expect([folder, path.join(folder, 'notes.txt'), elsewhere].map(modeOf)).toEqual(['755', '644', '644']);
    expect(modeOf(path.join(folder, 'history.db'))).toBe('600');
    if (lock.ok) lock.value();
  });
});
