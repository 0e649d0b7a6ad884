import { dataFolder, ledgerFolder } from '../app/core/folders.node.ts';
import { text } from '../app/core/i18n.ts';
import { readLines } from '../app/core/read-input.node.ts';
import { err, type Err, type Result } from '../app/core/result.ts';
import { openLedgerStore, sha256, type LedgerStore } from '../app/wear/ledger/ledger-store.node.ts';
import { readLedger, type ReadLedger } from '../app/wear/ledger/ledger-text.ts';
import { hoursInOrder, type Ledger } from '../app/wear/ledger/ledger.ts';
import { HOUR_MS } from '../app/wear/meter.ts';
import { EXIT } from './options.ts';
import { dataDirOption, simulatedOption } from './shared-options.ts';
import { Option } from 'commander';
import { printError } from './terminal.ts';

export type LedgerOptions = { readonly dataDir?: string; readonly simulated?: boolean; readonly gpu?: string };

/** Of all `slowburn ledger` commands. */
export const ledgerOptions = (): Option[] => [
  new Option('--gpu <uuid>', text('cli.ledger.gpu')),
  dataDirOption(),
  simulatedOption(),
];

/** The folder of the ledgers, and the store in it. */
export function ledgersOf({ dataDir, simulated }: LedgerOptions): { folder: string; ledgers: LedgerStore } {
  const folder = ledgerFolder(dataFolder(dataDir), simulated ? 'simulated' : 'measured')!;
  return { folder, ledgers: openLedgerStore(folder) };
}

/**
 * Prints an error.
 * @returns the exit code: 2 if the user must give another argument
 */
export function failed({ error }: Err): number {
  printError(error);
  return error.code === 'not-found' || error.code === 'invalid-argument' ? EXIT.usage : EXIT.failed;
}

/** Reads a ledger file that a person named. */
export function readLedgerOf(file: string): Result<ReadLedger> {
  const lines = readLines(file);
  if (!lines.ok) return lines;
  const read = readLedger(lines.value.toString(), sha256);
  if (read.ok) return read;
  return err(read.error.code, text('cli.ledger.inFile', { file, message: read.error.message }), read.error.next);
}

/** What a ledger contains, in one line. */
export function describe(ledger: Ledger): string {
  const hours = hoursInOrder(ledger);
  const observedMs = hours.reduce(
    (sum, { cells }) => sum + cells.reduce((ms, { tally }) => ms + tally.observedMs, 0),
    0,
  );
  const { uuid, name } = ledger;
  const observed = text('cli.ledger.observed', { uuid, name, hours: (observedMs / HOUR_MS).toFixed(1) });
  const [first, last] = [hours[0], hours.at(-1)];
  if (!first || !last) return observed;
  const day = (ms: number): string => new Date(ms).toISOString().slice(0, 10);
  return text('cli.ledger.period', { observed, from: day(first.hourMs), to: day(last.hourMs) });
}
