import fs from 'node:fs';
import path from 'node:path';
import { Argument } from 'commander';
import { text } from '../../app/core/i18n.ts';
import { err } from '../../app/core/result.ts';
import { sha256 } from '../../app/wear/ledger/ledger-store.node.ts';
import { verifyLedger } from '../../app/wear/ledger/ledger-text.ts';
import type { Command } from '../command.ts';
import { describe, failed, ledgerOptions, ledgersOf, readLedgerOf, type LedgerOptions } from '../ledger-files.ts';
import { EXIT } from '../options.ts';
import { out } from '../terminal.ts';

/** All ledger files in a folder. */
function filesIn(folder: string): readonly string[] {
  if (!fs.existsSync(folder)) return [];
  const names = fs.readdirSync(folder).filter((name) => name.endsWith('.jsonl'));
  return names.map((name) => path.join(folder, name));
}

/** `slowburn ledger verify [FILE]`: checks that sealed days are unchanged, in one file or in all ledgers of the data folder. */
export const ledgerVerify = {
  description: () => text('cli.ledger.verifyDescription'),
  arguments: () => [new Argument('[file]', text('cli.ledger.fileOrAll'))],
  options: ledgerOptions,
  run(file: string | undefined, options: LedgerOptions): number {
    const { folder } = ledgersOf(options);
    const files = file === undefined ? filesIn(folder) : [file];
    if (files.length === 0)
      return failed(err('not-found', text('cli.ledger.none', { folder }), text('cli.recordFirst')));
    let code: number = EXIT.ok;
    for (const each of files) {
      const read = readLedgerOf(each);
      const verified = read.ok ? verifyLedger(read.value, sha256) : read;
      if (!read.ok || !verified.ok) {
        if (!verified.ok) code = failed(verified);
        continue;
      }
      const values = { ledger: describe(verified.value), days: read.value.seals.length };
      out.say(read.value.complete ? text('cli.ledger.complete', values) : text('cli.ledger.open', values));
    }
    return code;
  },
} satisfies Command;
