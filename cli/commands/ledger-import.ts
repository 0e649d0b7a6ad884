import { Argument } from 'commander';
import { dataFolder } from '../../app/core/folders.node.ts';
import { text } from '../../app/core/i18n.ts';
import { lockRecorder } from '../../app/history/file/database.node.ts';
import { sha256 } from '../../app/wear/ledger/ledger-store.node.ts';
import { verifyLedger } from '../../app/wear/ledger/ledger-text.ts';
import { mergeLedgers } from '../../app/wear/ledger/ledger.ts';
import type { Command } from '../command.ts';
import { describe, failed, ledgerOptions, ledgersOf, readLedgerOf, type LedgerOptions } from '../ledger-files.ts';
import { EXIT } from '../options.ts';
import { notes } from '../terminal.ts';

/** `slowburn ledger import FILE`: adds the hours of an exported ledger; no hour is counted twice. */
export const ledgerImport = {
  description: () => text('cli.ledger.importDescription'),
  arguments: () => [new Argument('<file>')],
  options: ledgerOptions,
  run(file: string, options: LedgerOptions): number {
    const read = readLedgerOf(file);
    if (!read.ok) return failed(read);
    const verified = verifyLedger(read.value, sha256);
    if (!verified.ok) return failed(verified);
    // a recorder keeps the ledger of the card in memory and would overwrite the import
    const lock = lockRecorder(dataFolder(options.dataDir));
    if (!lock.ok) return failed(lock);
    try {
      const own = ledgersOf(options).ledgers.open(verified.value.uuid, verified.value.name);
      const before = own.ledger().hours.size;
      const merged = mergeLedgers(own.ledger(), verified.value);
      if (!merged.ok) return failed(merged);
      own.replace(merged.value);
      const hours = merged.value.hours.size - before;
      notes.say(text('cli.ledger.newHours', { ledger: describe(merged.value), hours }));
      return EXIT.ok;
    } finally {
      lock.value();
    }
  },
} satisfies Command;
