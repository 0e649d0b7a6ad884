import { dataFolder } from '../../app/core/folders.node.ts';
import { text } from '../../app/core/i18n.ts';
import { priceAt } from '../../app/workload/energy/tariff.ts';
import { loadPrices } from '../../app/workload/prices/file.node.ts';
import { bandLines, bookLines } from '../../app/workload/prices/text.ts';
import type { Command } from '../command.ts';
import { formatterOf } from '../format.ts';
import { EXIT, moneyIn, settingsOf } from '../options.ts';
import { dataDirOption, jsonOption } from '../shared-options.ts';
import { out, printError } from '../terminal.ts';

export type TariffShowOptions = { readonly dataDir?: string; readonly json?: true };

/** `slowburn tariff show`: the prices in force and where they came from. */
export const tariffShow = {
  description: () => text('cli.tariff.showDescription'),
  options: () => [dataDirOption(), jsonOption()],
  run({ dataDir, json }: TariffShowOptions): number {
    const folder = dataFolder(dataDir);
    const settings = settingsOf(folder);
    const prices = loadPrices(folder);
    if (!prices.ok) {
      printError(prices.error);
      return EXIT.failed;
    }
    const book = prices.value;
    const { currency, pricePerKwh, tariff, marketSurchargePerKwh, marketTaxPct } = settings;
    const nowPerKwh = priceAt(Date.now(), moneyIn(folder, settings)) ?? null;
    if (json) {
      const { segments = [], imports = [] } = book ?? {};
      out.json({ currency, nowPerKwh, pricePerKwh, tariff, marketSurchargePerKwh, marketTaxPct, segments, imports }, 2);
      return EXIT.ok;
    }
    const format = formatterOf(settings);
    out.say(
      nowPerKwh === null ? text('cli.tariff.noneNow') : text('cli.tariff.now', { price: format.money(nowPerKwh) }),
      ...bandLines(text, format, settings, book !== undefined),
      ...(book ? bookLines(text, format, book) : [text('cli.tariff.noMarket')]),
      ...(book && book.currency !== currency ? [text('prices.unused', { book: book.currency, currency })] : []),
    );
    return EXIT.ok;
  },
} satisfies Command;
