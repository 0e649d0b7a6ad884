import fs from 'node:fs';
import path from 'node:path';
import { refuseInput } from '../app/core/read-input.node.ts';
import type { ImportOptions } from '../app/exchange/import.node.ts';
import { joined } from '../app/core/format.ts';
import { syncFile } from '../app/core/atomic-write.node.ts';
import { isOutdated, openForReading } from '../app/history/file/database.node.ts';
import { explain } from '../app/history/file/explain.ts';
import { isBeingReplaced, replaceHistory } from '../app/history/file/replacement.node.ts';
import { createStore } from '../app/recorder/store.ts';
import { err, ok, type Err, type Result } from '../app/core/result.ts';
import { dataFolder, historyFile } from '../app/core/folders.node.ts';
import { alone, historyOf, type FileOptions } from './history-file.ts';
import { concluded, runJob, terminal } from './job.ts';
import { printError } from './terminal.ts';
import { EXIT } from './options.ts';

/** `slowburn db check`: reads everything and says what is wrong. */
export async function dbCheck(options: FileOptions): Promise<number> {
  const file = historyOf(options);
  const { t } = terminal();
  const result = file.ok ? await runJob({ kind: 'check', databaseFile: file.value }) : file;
  const code = concluded(result, ({ problems, ...report }) => [
    file.ok ? file.value : '',
    t('db.checked', report),
    ...(problems.length === 0 ? [t('db.sound')] : problems),
    ...(problems.length === 0 ? [] : [t('db.unsound')]),
  ]);
  return result.ok && result.value.problems.length > 0 ? EXIT.failed : code;
}

/** `slowburn db backup FILE`: a copy, taken while recording goes on. */
export async function dbBackup(target: string, options: FileOptions): Promise<number> {
  const file = historyOf(options);
  const { t, format } = terminal();
  if (fs.existsSync(target)) {
    printError({ message: `${target} is there already.`, next: 'Choose another name.' });
    return EXIT.failed;
  }
  const result = file.ok
    ? await runJob({ kind: 'backup', databaseFile: file.value, target: path.resolve(target) })
    : file;
  return concluded(result, (bytes) => [t('db.backedUp', { target, size: joined(format.bytes(bytes)) })]);
}

const damagedBackup = (backup: string, problem: string): Err =>
  err('database-unusable', `The backup ${backup} is damaged: ${problem}`, 'The history was left as it is.');

/** Makes a copy of a backup that can take the history's place: of this schema, and sound. */
async function soundCopy(backup: string, copy: string): Promise<Result<unknown>> {
  // through SQLite, not as a file: what still stands in its write-ahead log belongs to it
  const copied = await runJob({ kind: 'backup', databaseFile: backup, target: copy });
  if (!copied.ok) return copied;
  if (isOutdated(copy)) {
    const upgraded = await runJob({ kind: 'upgrade', databaseFile: copy });
    if (!upgraded.ok) return upgraded;
    if (upgraded.value.setAside !== undefined) return damagedBackup(backup, 'it cannot be brought up to date');
  }
  const checked = await runJob({ kind: 'check', databaseFile: copy });
  const [problem] = checked.ok ? checked.value.problems : [];
  return problem === undefined ? checked : damagedBackup(backup, problem);
}

const removeWithLogs = (file: string): void => {
  for (const suffix of ['', '-wal', '-shm']) fs.rmSync(file + suffix, { force: true });
};

/** Removes what a restore that was killed left beside the history: copies that were never put in place. */
function removeLeftovers(copy: string): void {
  const folder = path.dirname(copy);
  if (!fs.existsSync(folder)) return;
  for (const name of fs.readdirSync(folder)) {
    if (!name.startsWith(path.basename(copy))) continue;
    if (/^(-wal|-shm|-journal|\.\d+\.tmp(-journal)?)?$/.test(name.slice(path.basename(copy).length)))
      fs.rmSync(path.join(folder, name), { force: true });
  }
}

/**
 * `slowburn db restore FILE`: checks a backup and puts it in the history's place in one step, which the next command or
 * start completes if this one is killed. The old history is kept beside it.
 */
export async function dbRestore(backup: string, options: FileOptions): Promise<number> {
  const { t } = terminal();
  const found = historyOf(options);
  const target = found.ok
    ? found.value
    : path.resolve(options.file ?? historyFile(dataFolder(options.dataDir), 'nvml'));
  const copy = `${target}.new`;
  const result = await alone(target, async (): Promise<Result<string | undefined>> => {
    const refused = refuseInput(backup);
    if (refused) return refused;
    if (!isOutdated(backup)) {
      const opened = openForReading(backup);
      if (!opened.ok) return opened;
      opened.value.close();
    }
    removeLeftovers(copy);
    try {
      const sound = await soundCopy(path.resolve(backup), copy);
      if (!sound.ok) return sound;
      for (const suffix of ['-wal', '-shm']) fs.rmSync(copy + suffix, { force: true }); // of those that read it: empty
      syncFile(copy);
      const aside = found.ok ? `${target}.replaced-${new Date().toISOString().replaceAll(/[:.]/g, '-')}` : undefined;
      replaceHistory(target, {
        copy: path.basename(copy),
        ...(aside !== undefined && { aside: path.basename(aside) }),
      });
      return ok(aside);
    } catch (thrown) {
      return explain(target, thrown);
    } finally {
      if (!isBeingReplaced(target)) removeWithLogs(copy);
    }
  });
  return concluded(result, (aside) => [
    aside === undefined ? t('db.restoredAnew', { target }) : t('db.restored', { target, aside }),
  ]);
}

/** `slowburn db compact`: seals and merges what is finished, and gives free room back to the disk. */
export async function dbCompact(options: FileOptions): Promise<number> {
  const file = historyOf(options);
  const { t, format } = terminal();
  const result = file.ok ? await alone(file.value, () => runJob({ kind: 'compact', databaseFile: file.value })) : file;
  return concluded(result, ({ before, after }) => [
    t('db.compacted', { before: joined(format.bytes(before)), after: joined(format.bytes(after)) }),
  ]);
}

/** `slowburn db import FILE`: reads an export of Slowburn back. */
export async function dbImport(source: string, options: FileOptions & ImportOptions): Promise<number> {
  const file = historyOf(options);
  const { t } = terminal();
  const result = file.ok
    ? await runJob({
        kind: 'import',
        databaseFile: file.value,
        file: path.resolve(source),
        unverified: options.unverified ?? false,
      })
    : file;
  return concluded(result, (counts) => [t('db.imported', counts)]);
}

/** `slowburn db stats`: what the disk holds. */
export function dbStats(options: FileOptions): number {
  const file = historyOf(options);
  const { t, format } = terminal();
  if (!file.ok) return concluded(file, () => []);
  const opened = openForReading(file.value);
  if (!opened.ok) return concluded(opened, () => []);
  const store = createStore(opened.value);
  const { fileBytes, freeBytes, openRows, gpus } = store.storage();
  store.close();
  const size = (bytes: number): string => joined(format.bytes(bytes));
  return concluded(ok(gpus), () => [
    file.value,
    t('db.file', { size: size(fileBytes), free: size(freeBytes), rows: format.number(openRows) }),
    ...gpus.map(({ gpuName, gpuUuid, samples, bytes, rollupBytes, fromMs, toMs }) =>
      t('db.gpu', {
        gpu: `${gpuName} (${gpuUuid})`,
        samples: format.number(samples),
        size: size(bytes),
        rollups: size(rollupBytes),
        from: fromMs === null ? '–' : format.dateTime(fromMs),
        to: toMs === null ? '–' : format.dateTime(toMs),
      }),
    ),
  ]);
}
