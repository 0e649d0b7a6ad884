import fs from 'node:fs';
import path from 'node:path';
import { readLines } from '../app/core/read-input.node.ts';
import { err, messageOf, type Result } from '../app/core/result.ts';
import { dataFolder, ledgerFolder } from '../app/core/folders.node.ts';
import { writeAtomically } from '../app/core/atomic-write.node.ts';
import { openLedgerStore, sha256, type LedgerStore } from '../app/wear/ledger/ledger-store.node.ts';
import { ledgerText, readLedger, verifyLedger, type ReadLedger } from '../app/wear/ledger/ledger-text.ts';
import { hoursInOrder, mergeLedgers, type Ledger } from '../app/wear/ledger/ledger.ts';
import { lockRecorder } from '../app/history/file/database.node.ts';
import { HOUR_MS } from '../app/wear/meter.ts';
import { notes, out, printError } from './terminal.ts';
import { EXIT } from './options.ts';

export type LedgerOptions = { readonly dataDir?: string; readonly simulated?: boolean; readonly gpu?: string };

const ledgerStoreOf = ({ dataDir, simulated }: LedgerOptions): { folder: string; ledgers: LedgerStore } => {
  const folder = ledgerFolder(dataFolder(dataDir), simulated ? 'simulator' : 'nvml')!;
  return { folder, ledgers: openLedgerStore(folder) };
};

function failed(result: Extract<Result<unknown>, { ok: false }>): number {
  printError(result.error);
  return result.error.code === 'not-found' || result.error.code === 'invalid-argument' ? EXIT.usage : EXIT.failed;
}

/** A ledger file that a person named, or a sentence that says what it is instead. */
function readLedgerOf(file: string): Result<ReadLedger> {
  const text = readLines(file);
  if (!text.ok) return text;
  const read = readLedger(text.value.toString(), sha256);
  return read.ok ? read : err(read.error.code, `${file}: ${read.error.message}`, read.error.next);
}

/** What the seals do not cover. */
const closed = ({ complete }: ReadLedger): string =>
  complete ? ', and its end fits its content' : '; its newest day and its marks are not sealed';

/** One line for people: what a ledger holds. */
function describe(ledger: Ledger): string {
  const hours = hoursInOrder(ledger);
  const observed = hours.reduce((sum, { cells }) => sum + cells.reduce((ms, { tally }) => ms + tally.observedMs, 0), 0);
  const [first, last] = [hours[0], hours.at(-1)].map(
    (hour) => hour && new Date(hour.hourMs).toISOString().slice(0, 10),
  );
  return `${ledger.uuid}  ${ledger.name}: ${(observed / HOUR_MS).toFixed(1)} h observed${first ? `, ${first} to ${last}` : ''}`;
}

/** `slowburn ledger export`: the ledger of a card as one file (standard output without one). */
export function exportLedger(file: string | undefined, options: LedgerOptions): number {
  const { ledgers } = ledgerStoreOf(options);
  const uuids = ledgers.uuids().filter((uuid) => options.gpu === undefined || uuid.startsWith(options.gpu));
  if (uuids.length !== 1) {
    const what = uuids.length === 0 ? 'There is no ledger of that card.' : 'There are ledgers of several cards.';
    const known = ledgers.uuids().join(', ');
    return failed(
      err('not-found', what, known === '' ? 'Record first: slowburn monitor' : `Name one with --gpu: ${known}`),
    );
  }
  const { ledger } = ledgers.open(uuids[0]!, '');
  const text = ledgerText(ledger(), sha256);
  if (file === undefined) {
    out.jsonLines(text);
    return EXIT.ok;
  }
  try {
    writeAtomically(path.resolve(file), text, 0o666); /* less the umask: it is made to be passed on */
  } catch (thrown) {
    return failed(
      err('write-failed', `The ledger could not be written: ${messageOf(thrown)}`, 'Choose another place.'),
    );
  }
  notes.say(describe(ledger()));
  return EXIT.ok;
}

/** `slowburn ledger import FILE`: takes another account of a card in; no hour is counted twice. */
export function importLedger(file: string, options: LedgerOptions): number {
  const read = readLedgerOf(file);
  if (!read.ok) return failed(read);
  const verified = verifyLedger(read.value, sha256);
  if (!verified.ok) return failed(verified);
  // a recorder holds the card's ledger in memory and would write over the import
  const lock = lockRecorder(dataFolder(options.dataDir));
  if (!lock.ok) return failed(lock);
  try {
    const { ledgers } = ledgerStoreOf(options);
    const own = ledgers.open(verified.value.uuid, verified.value.name);
    const before = own.ledger().hours.size;
    const merged = mergeLedgers(own.ledger(), verified.value);
    if (!merged.ok) return failed(merged);
    own.replace(merged.value);
    notes.say(`${describe(merged.value)} (${merged.value.hours.size - before} hours new)`);
    return EXIT.ok;
  } finally {
    lock.value();
  }
}

/** `slowburn ledger verify [FILE]`: whether the sealed days are as they were sealed; of all own ledgers without a file. */
export function verifyLedgers(file: string | undefined, options: LedgerOptions): number {
  const folder = ledgerFolder(dataFolder(options.dataDir), options.simulated ? 'simulator' : 'nvml')!;
  const files =
    file !== undefined
      ? [file]
      : fs.existsSync(folder)
        ? fs
            .readdirSync(folder)
            .filter((name) => name.endsWith('.jsonl'))
            .map((name) => path.join(folder, name))
        : [];
  if (files.length === 0)
    return failed(err('not-found', `There is no ledger in ${folder}.`, 'Record first: slowburn monitor'));
  let code: number = EXIT.ok;
  for (const each of files) {
    const read = readLedgerOf(each);
    const verified = read.ok ? verifyLedger(read.value, sha256) : read;
    if (verified.ok && read.ok)
      out.say(`${describe(verified.value)}: ${read.value.seals.length} sealed days hold${closed(read.value)}`);
    else if (!verified.ok) {
      code = failed(verified);
    }
  }
  return code;
}
