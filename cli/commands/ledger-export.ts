import path from 'node:path';
import { Argument } from 'commander';
import { writeAtomically } from '../../app/core/atomic-write.node.ts';
import { text } from '../../app/core/i18n.ts';
import { err, messageOf } from '../../app/core/result.ts';
import { sha256 } from '../../app/wear/ledger/ledger-store.node.ts';
import { ledgerText } from '../../app/wear/ledger/ledger-text.ts';
import type { Command } from '../command.ts';
import { describe, failed, ledgerOptions, ledgersOf, type LedgerOptions } from '../ledger-files.ts';
import { EXIT } from '../options.ts';
import { notes, out } from '../terminal.ts';

/** `slowburn ledger export [FILE]`: the ledger of a card as one file, or on standard output. */
export const ledgerExport = {
  description: () => text('cli.ledger.exportDescription'),
  arguments: () => [new Argument('[file]', text('cli.ledger.fileOrOutput'))],
  options: ledgerOptions,
  run(file: string | undefined, options: LedgerOptions): number {
    const { ledgers } = ledgersOf(options);
    const uuids = ledgers.uuids().filter((uuid) => options.gpu === undefined || uuid.startsWith(options.gpu));
    if (uuids.length !== 1) {
      const message = uuids.length === 0 ? text('cli.ledger.noneOfCard') : text('cli.ledger.several');
      const known = ledgers.uuids().join(', ');
      const next = known === '' ? text('cli.recordFirst') : text('cli.ledger.chooseGpu', { uuids: known });
      return failed(err('not-found', message, next));
    }
    const { ledger } = ledgers.open(uuids[0]!, '');
    const content = ledgerText(ledger(), sha256);
    if (file === undefined) {
      out.jsonLines(content);
      return EXIT.ok;
    }
    try {
      writeAtomically(path.resolve(file), content, 0o666); // less the umask: an export is made to be shared
    } catch (thrown) {
      const message = text('cli.ledger.notWritten', { why: messageOf(thrown) });
      return failed(err('write-failed', message, text('cli.ledger.choosePlace')));
    }
    notes.say(describe(ledger()));
    return EXIT.ok;
  },
} satisfies Command;
