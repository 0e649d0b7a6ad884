import fs from 'node:fs';
import path from 'node:path';
import { writeAtomically } from '../../core/atomic-write.node.ts';
import { makeFolder } from '../../core/folders.node.ts';
import { text } from '../../core/i18n.ts';
import { readInput, readOwnFile } from '../../core/read-input.node.ts';
import { err, messageOf, ok, type Result } from '../../core/result.ts';
import { textOf } from '../../telemetry/logs/encoding.node.ts';
import { decodePrices, type DecodedPrices, type DecodeOptions } from './decode.ts';
import { addPrices, priceBook, type PriceBook } from './market.ts';

/** A decade of prices per quarter of an hour has 350,000 of them. */
const LARGEST = 32 * 2 ** 20;

const pricesFile = (folder: string): string => path.join(folder, 'prices.json');

/** The imported prices of a data folder; undefined if there are none. A file that cannot be read is an error. */
export function loadPrices(folder: string): Result<PriceBook | undefined> {
  const file = pricesFile(folder);
  const found = readOwnFile(file, LARGEST);
  if (!found.ok) return found;
  if (!found.value) return ok(undefined);
  try {
    const read = priceBook.safeParse(JSON.parse(found.value.toString()));
    if (read.success) return ok(read.data);
  } catch {
    // no JSON
  }
  return err('settings-unreadable', text('prices.unreadable', { file }), text('prices.unreadableNext'));
}

export type ImportedPrices = { readonly prices: DecodedPrices; readonly book: PriceBook };

/**
 * Adds a file of prices to those of a data folder. Where both have a price, the new one counts.
 * @param currency of the settings: prices are not converted
 */
export function importPrices(
  folder: string,
  file: string,
  { currency, nowMs, ...options }: DecodeOptions & { readonly currency: string; readonly nowMs: number },
): Result<ImportedPrices> {
  const before = loadPrices(folder);
  if (!before.ok) return before;
  const content = readInput(file, LARGEST);
  if (!content.ok) return content;
  const decoded = decodePrices(textOf(content.value), options);
  if (!decoded.ok) return decoded;
  const { slices, format, series } = decoded.value;
  const names = { file: decoded.value.currency, own: currency };
  if (decoded.value.currency !== currency)
    return err('invalid-argument', text('prices.otherCurrency', names), text('prices.otherCurrencyNext', names));
  const [fromMs, toMs] = [slices[0]!.fromMs, slices.at(-1)!.toMs];
  const source = { file: path.basename(file), format, series, importedMs: nowMs, fromMs, toMs, count: slices.length };
  // prices of another currency were not used any more
  const kept = before.value?.currency === currency ? before.value : undefined;
  const book = addPrices(kept, slices, currency, source);
  try {
    makeFolder(folder);
    writeAtomically(pricesFile(folder), `${JSON.stringify(book)}\n`);
    return ok({ prices: decoded.value, book });
  } catch (thrown) {
    const why = messageOf(thrown);
    return err('write-failed', text('prices.notSaved', { why }), text('settingsFile.notWrittenNext'));
  }
}

const LOOK_MS = 2_000;

/** Follows the imported prices of a folder: another process may import some. What cannot be read counts as none. */
export function watchPrices(folder: string, onChange: () => void) {
  const markOf = (): string => {
    const stat = fs.statSync(pricesFile(folder), { throwIfNoEntry: false });
    return stat ? `${stat.ino} ${stat.size} ${stat.mtimeMs}` : '';
  };
  const load = (): PriceBook | undefined => {
    const loaded = loadPrices(folder);
    return loaded.ok ? loaded.value : undefined;
  };
  let mark = markOf();
  let book = load();
  function look(): void {
    const now = markOf();
    if (now === mark) return;
    mark = now;
    book = load();
    onChange();
  }
  const timer = setInterval(look, LOOK_MS);
  timer.unref();
  return { book: (): PriceBook | undefined => book, look, close: (): void => clearInterval(timer) };
}
