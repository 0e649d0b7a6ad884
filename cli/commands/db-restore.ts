import fs from 'node:fs';
import path from 'node:path';
import { Argument } from 'commander';
import { syncFile } from '../../app/core/atomic-write.node.ts';
import { dataFolder, historyFile } from '../../app/core/folders.node.ts';
import { text } from '../../app/core/i18n.ts';
import { refuseInput } from '../../app/core/read-input.node.ts';
import { err, ok, type Err, type Result } from '../../app/core/result.ts';
import { isOutdated, openForReading } from '../../app/history/file/database.node.ts';
import { explain } from '../../app/history/file/explain.ts';
import { isBeingReplaced, replaceHistory } from '../../app/history/file/replacement.node.ts';
import type { Command } from '../command.ts';
import { alone, historyOf, type FileOptions } from '../history-file.ts';
import { concluded, runJob } from '../job.ts';
import { historyOptions } from '../shared-options.ts';

const damagedBackup = (backup: string, problem: string): Err =>
  err('database-unusable', text('cli.db.damagedBackup', { backup, problem }), text('cli.db.unchanged'));

/** Makes a copy of a backup that can replace the history: undamaged and with the current schema. */
async function soundCopy(backup: string, copy: string): Promise<Result<unknown>> {
  // through SQLite, not as a file: the write-ahead log of the backup may hold data
  const copied = await runJob({ kind: 'backup', databaseFile: backup, target: copy });
  if (!copied.ok) return copied;
  if (isOutdated(copy)) {
    const upgraded = await runJob({ kind: 'upgrade', databaseFile: copy });
    if (!upgraded.ok) return upgraded;
    if (upgraded.value.setAside !== undefined) return damagedBackup(backup, text('cli.db.notUpgradable'));
  }
  const checked = await runJob({ kind: 'check', databaseFile: copy });
  const [problem] = checked.ok ? checked.value.problems : [];
  return problem === undefined ? checked : damagedBackup(backup, problem);
}

const removeWithLogs = (file: string): void => {
  for (const suffix of ['', '-wal', '-shm']) fs.rmSync(file + suffix, { force: true });
};

/** Removes copies that a killed restore left next to the history. */
function removeLeftovers(copy: string): void {
  const folder = path.dirname(copy);
  if (!fs.existsSync(folder)) return;
  for (const name of fs.readdirSync(folder)) {
    if (!name.startsWith(path.basename(copy))) continue;
    if (/^(-wal|-shm|-journal|\.\d+\.tmp(-journal)?)?$/.test(name.slice(path.basename(copy).length)))
      fs.rmSync(path.join(folder, name), { force: true });
  }
}

/** Why a file is no backup that this version can restore. */
function refuseBackup(backup: string): Err | undefined {
  const refused = refuseInput(backup);
  if (refused || isOutdated(backup)) return refused;
  const opened = openForReading(backup);
  if (!opened.ok) return opened;
  opened.value.close();
  return undefined;
}

/**
 * Replaces a history by a checked copy of a backup.
 * @returns the new name of the replaced history; undefined if there was none
 */
async function replace(target: string, backup: string, exists: boolean): Promise<Result<string | undefined>> {
  const refused = refuseBackup(backup);
  if (refused) return refused;
  const copy = `${target}.new`;
  removeLeftovers(copy);
  try {
    const sound = await soundCopy(path.resolve(backup), copy);
    if (!sound.ok) return sound;
    for (const suffix of ['-wal', '-shm']) fs.rmSync(copy + suffix, { force: true }); // empty: left by its readers
    syncFile(copy);
    const aside = exists ? `${target}.replaced-${new Date().toISOString().replaceAll(/[:.]/g, '-')}` : undefined;
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
}

/**
 * `slowburn db restore FILE`: checks a backup and replaces the history by it in one step. If this process is killed, the
 * next command or start completes the step. The old history is kept next to it.
 */
export const dbRestore = {
  description: () => text('cli.db.restoreDescription'),
  arguments: () => [new Argument('<backup>')],
  options: historyOptions,
  async run(backup: string, options: FileOptions): Promise<number> {
    const found = historyOf(options);
    const target = found.ok
      ? found.value
      : path.resolve(options.file ?? historyFile(dataFolder(options.dataDir), 'measured'));
    const result = await alone(target, () => replace(target, backup, found.ok));
    return concluded(result, (aside) => [
      aside === undefined ? text('cli.db.restoredNew', { target }) : text('cli.db.restored', { target, aside }),
    ]);
  },
} satisfies Command;
