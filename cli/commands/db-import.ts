import path from 'node:path';
import { Argument, Option } from 'commander';
import { text } from '../../app/core/i18n.ts';
import type { ImportOptions } from '../../app/exchange/import.node.ts';
import type { Command } from '../command.ts';
import { historyOf, type FileOptions } from '../history-file.ts';
import { concluded, runJob } from '../job.ts';
import { historyOptions } from '../shared-options.ts';

/** `slowburn db import FILE`: imports an export of Slowburn. */
export const dbImport = {
  description: () => text('cli.db.importDescription'),
  arguments: () => [new Argument('<source>')],
  options: () => [...historyOptions(), new Option('--unverified', text('cli.db.unverified'))],
  async run(source: string, options: FileOptions & ImportOptions): Promise<number> {
    const history = historyOf(options);
    if (!history.ok) return concluded(history, () => []);
    const file = path.resolve(source);
    const unverified = options.unverified ?? false;
    const result = await runJob({ kind: 'import', databaseFile: history.value, file, unverified });
    return concluded(result, (counts) => [text('cli.db.imported', counts)]);
  },
} satisfies Command;
