import { joined } from '../../app/core/format.ts';
import { text } from '../../app/core/i18n.ts';
import { ok } from '../../app/core/result.ts';
import { openForReading } from '../../app/history/file/database.node.ts';
import { createStore } from '../../app/recorder/store.ts';
import type { Command } from '../command.ts';
import { formatterOf } from '../format.ts';
import { historyOf, type FileOptions } from '../history-file.ts';
import { concluded } from '../job.ts';
import { historyOptions } from '../shared-options.ts';

/** `slowburn db stats`: shows what the history contains and how large it is. */
export const dbStats = {
  description: () => text('cli.db.statsDescription'),
  options: historyOptions,
  run(options: FileOptions): number {
    const file = historyOf(options);
    if (!file.ok) return concluded(file, () => []);
    const opened = openForReading(file.value);
    if (!opened.ok) return concluded(opened, () => []);
    const store = createStore(opened.value);
    const { fileBytes, freeBytes, openRows, gpus } = store.storage();
    store.close();
    const format = formatterOf();
    const size = (bytes: number): string => joined(format.bytes(bytes));
    return concluded(ok(gpus), () => [
      file.value,
      text('cli.db.file', { size: size(fileBytes), free: size(freeBytes), rows: format.number(openRows) }),
      ...gpus.map(({ gpuName, gpuUuid, samples, bytes, rollupBytes, fromMs, toMs }) => {
        const gpu = `${gpuName} (${gpuUuid})`;
        if (fromMs === null || toMs === null) return text('cli.db.gpuNew', { gpu });
        const [from, to] = [format.dateTime(fromMs), format.dateTime(toMs)];
        return text('cli.db.gpu', {
          gpu,
          samples: format.number(samples),
          size: size(bytes),
          rollups: size(rollupBytes),
          from,
          to,
        });
      }),
    ]);
  },
} satisfies Command;
