import fs from 'node:fs';
import { replaceFile } from '../core/atomic-write.node.ts';
import { openBlank } from '../history/file/database.node.ts';
import { text } from '../core/i18n.ts';
import { err, ok, type Result } from '../core/result.ts';
import type { JobControl } from '../core/job-control.ts';

const ROWS_PER_STEP = 100;
/** tables first, then their indexes */
const SCHEMA = `SELECT name, type, sql FROM source.sqlite_master WHERE sql IS NOT NULL ORDER BY type = 'index'`;

/**
 * Copies a history while it is being recorded. It reads one snapshot, so neither the copy nor the recorder waits. The
 * copy is compact and takes its name only when it is complete.
 * @returns its size in bytes
 */
export function backupHistory(databaseFile: string, target: string, control: JobControl): Result<number> {
  const temporary = `${target}.${process.pid}.tmp`;
  fs.rmSync(temporary, { force: true });
  const db = openBlank(temporary);
  try {
    db.prepare('ATTACH ? AS source').run(databaseFile);
    db.exec('BEGIN');
    const schema = db.prepare(SCHEMA).all() as { name: string; type: string; sql: string }[];
    const tables = schema.filter(({ type, name }) => type === 'table' && !name.startsWith('sqlite_'));
    const lastRow = (name: string): number =>
      (db.prepare(`SELECT max(rowid) FROM source.${name}`).pluck().get() as number | null) ?? 0;
    // an old schema has a table without row numbers: it is copied at once
    const last = tables.map(({ name, sql }) => (/WITHOUT ROWID\s*$/i.test(sql) ? undefined : lastRow(name)));
    const total = last.reduce((a: number, b) => a + (b ?? 0), 0);
    let done = 0;
    for (const { sql } of schema.filter(({ name }) => !name.startsWith('sqlite_'))) db.exec(sql);
    for (const [t, { name }] of tables.entries()) {
      const end = last[t];
      if (end === undefined) {
        db.exec(`INSERT INTO main.${name} SELECT * FROM source.${name}`);
        continue;
      }
      const copy = db.prepare(`INSERT INTO main.${name} SELECT * FROM source.${name} WHERE rowid > ? AND rowid <= ?`);
      for (let from = -1; from < end; from += ROWS_PER_STEP) {
        copy.run(from, from + ROWS_PER_STEP);
        done += ROWS_PER_STEP;
        control.progress(Math.min(done, total), total);
        if (control.cancelled()) return err('cancelled', text('jobs.backupCancelled'));
      }
    }
    // a restored copy must not send what was delivered long ago
    if (tables.some(({ name }) => name === 'alert_message')) db.exec('DELETE FROM alert_message WHERE outcome IS NULL');
    const version = db.pragma('source.user_version', { simple: true }) as number;
    db.exec('COMMIT; DETACH source');
    db.pragma(`user_version = ${version}`);
    db.close();
    replaceFile(temporary, target);
    return ok(fs.statSync(target).size);
  } finally {
    if (db.open) db.close();
    fs.rmSync(temporary, { force: true });
  }
}
