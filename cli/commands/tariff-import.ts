import { Argument, Option } from 'commander';
import { dataFolder } from '../../app/core/folders.node.ts';
import { text } from '../../app/core/i18n.ts';
import { importPrices } from '../../app/workload/prices/file.node.ts';
import { importedText } from '../../app/workload/prices/text.ts';
import type { Command } from '../command.ts';
import { formatterOf } from '../format.ts';
import { EXIT, settingsOf } from '../options.ts';
import { dataDirOption } from '../shared-options.ts';
import { notes, printError } from '../terminal.ts';

export type TariffImportOptions = { readonly dataDir?: string; readonly series?: string; readonly zone?: string };

/** `slowburn tariff import FILE`: adds the prices of a file to those of the data folder. */
export const tariffImport = {
  description: () => text('cli.tariff.importDescription'),
  arguments: () => [new Argument('<file>', text('cli.tariff.file'))],
  options: () => [
    dataDirOption(),
    new Option('--series <name>', text('cli.tariff.series')),
    new Option('--zone <name>', text('cli.tariff.zone')),
  ],
  run(file: string, { dataDir, series, zone }: TariffImportOptions): number {
    const folder = dataFolder(dataDir);
    const settings = settingsOf(folder);
    const imported = importPrices(folder, file, { series, zone, currency: settings.currency, nowMs: Date.now() });
    if (!imported.ok) {
      printError(imported.error);
      return EXIT.failed;
    }
    notes.say(importedText(text, formatterOf(settings), imported.value.prices));
    return EXIT.ok;
  },
} satisfies Command;
