import { joined } from '../../app/core/format.ts';
import { text } from '../../app/core/i18n.ts';
import type { Command } from '../command.ts';
import { formatterOf } from '../format.ts';
import { alone, historyOf, type FileOptions } from '../history-file.ts';
import { concluded, runJob } from '../job.ts';
import { historyOptions } from '../shared-options.ts';

/** `slowburn db compact`: seals and merges finished chunks, and returns free space to the disk. */
export const dbCompact = {
  description: () => text('cli.db.compactDescription'),
  options: historyOptions,
  async run(options: FileOptions): Promise<number> {
    const file = historyOf(options);
    const { bytes } = formatterOf();
    const result = file.ok
      ? await alone(file.value, () => runJob({ kind: 'compact', databaseFile: file.value }))
      : file;
    return concluded(result, ({ before, after }) => [
      text('cli.db.compacted', { before: joined(bytes(before)), after: joined(bytes(after)) }),
    ]);
  },
} satisfies Command;
