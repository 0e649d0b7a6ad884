import fs from 'node:fs';
import path from 'node:path';
import { joined } from '../../app/core/format.ts';
import { text } from '../../app/core/i18n.ts';
import type { Command } from '../command.ts';
import { formatterOf } from '../format.ts';
import { historyOf, type FileOptions } from '../history-file.ts';
import { concluded, runJob } from '../job.ts';
import { EXIT } from '../options.ts';
import { historyOptions, targetArgument } from '../shared-options.ts';
import { printError } from '../terminal.ts';

/** `slowburn db backup FILE`: copies the history, also while Slowburn is recording. */
export const dbBackup = {
  description: () => text('cli.db.backupDescription'),
  arguments: () => [targetArgument()],
  options: historyOptions,
  async run(target: string, options: FileOptions): Promise<number> {
    const file = historyOf(options);
    if (fs.existsSync(target)) {
      printError({ message: text('cli.db.exists', { target }), next: text('cli.db.chooseName') });
      return EXIT.failed;
    }
    const result = file.ok
      ? await runJob({ kind: 'backup', databaseFile: file.value, target: path.resolve(target) })
      : file;
    return concluded(result, (bytes) => [
      text('cli.db.backedUp', { target, size: joined(formatterOf().bytes(bytes)) }),
    ]);
  },
} satisfies Command;
