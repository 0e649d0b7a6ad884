import Database from 'better-sqlite3';
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { lockRecorder, openDatabase, openForReading } from '../../app/history/file/database.node.ts';
import { temporaryFolder } from '../support/folders.ts';

describe('a history that cannot be used', () => {
  it('is set aside when it is damaged, and nothing of it is deleted', () => {
    const file = path.join(temporaryFolder(), 'history.db');
    fs.writeFileSync(file, 'this is no database, but it is somebody’s data'.repeat(100));
    const opened = openDatabase(file);
    if (!opened.ok) throw new Error(opened.error.message);
    opened.value.db.close();
    expect(fs.readFileSync(opened.value.setAside!, 'utf8')).toContain('somebody’s data');
  });

  it('is refused with a sentence when it is from a newer version, and left as it is', () => {
    const file = path.join(temporaryFolder(), 'history.db');
    const db = new Database(file);
    db.pragma('user_version = 99');
    db.exec('CREATE TABLE future (x)');
    db.close();
    const bytes = fs.readFileSync(file);
    const opened = openDatabase(file);
    expect(opened).toMatchObject({ ok: false, error: { code: 'database-newer' } });
    expect(fs.readFileSync(file)).toEqual(bytes);
  });

  it('is refused with a sentence when its folder cannot be made', () => {
    const folder = temporaryFolder();
    fs.writeFileSync(path.join(folder, 'file'), '');
    const opened = openDatabase(path.join(folder, 'file', 'history.db'));
    expect(opened.ok).toBe(false);
    if (!opened.ok) expect(opened.error.message).toContain('cannot be');
  });

  it('is not there to be read yet', () => {
    expect(openForReading(path.join(temporaryFolder(), 'none.db')).ok).toBe(false);
  });
});

describe('the recorder’s lock', () => {
  it('lets one recorder into a folder, and the next when it has gone', () => {
    const folder = temporaryFolder();
    const first = lockRecorder(folder);
    expect(first.ok).toBe(true);
    expect(lockRecorder(folder)).toMatchObject({ ok: false, error: { code: 'database-busy' } });
    if (first.ok) first.value();
    const second = lockRecorder(folder);
    expect(second.ok).toBe(true);
    if (second.ok) second.value();
  });
});
