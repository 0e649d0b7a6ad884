import { text } from '../../app/core/i18n.ts';
import type { Command } from '../command.ts';
import { historyOf, type FileOptions } from '../history-file.ts';
import { concluded, runJob } from '../job.ts';
import { EXIT } from '../options.ts';
import { historyOptions } from '../shared-options.ts';

/** `slowburn db check`: reads the whole history and reports damage. */
export const dbCheck = {
  description: () => text('cli.db.checkDescription'),
  options: historyOptions,
  async run(options: FileOptions): Promise<number> {
    const file = historyOf(options);
    if (!file.ok) return concluded(file, () => []);
    const result = await runJob({ kind: 'check', databaseFile: file.value });
    const code = concluded(result, ({ problems, ...report }) => [
      file.value,
      text('cli.db.checked', report),
      ...(problems.length === 0 ? [text('cli.db.sound')] : [...problems, text('cli.db.unsound')]),
    ]);
    return result.ok && result.value.problems.length > 0 ? EXIT.failed : code;
  },
} satisfies Command;
