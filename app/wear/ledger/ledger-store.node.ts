import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { syncFolder, writeAtomically } from '../../core/atomic-write.node.ts';
import { PRIVATE_FILE } from '../../core/private-files.node.ts';
import { readLines } from '../../core/read-input.node.ts';
import type { Result } from '../../core/result.ts';
import { makeFolder } from '../../core/folders.node.ts';
import { dayOf, emptyLedger, sealDays, type Hash, type Ledger } from './ledger.ts';
import { headerLine, keepLine, ledgerLine, openLedgerText, readLedger, type ReadLedger } from './ledger-text.ts';
import type { LedgerLine } from './ledger-schema.ts';

export const sha256: Hash = (text) => createHash('sha256').update(text).digest('hex');

/** The ledger of one card on disk. Appended lines survive a crash. */
export type LedgerFile = {
  readonly ledger: () => Ledger;
  /** changes with every write */
  readonly revision: () => number;
  readonly append: (lines: readonly LedgerLine[]) => void;
  /** Replaces this ledger by another one, completely or not at all. */
  readonly replace: (ledger: Ledger) => void;
};

/** Ledgers of all cards of one source, one file per card. */
export type LedgerStore = {
  readonly open: (uuid: string, name: string) => LedgerFile;
  readonly uuids: () => readonly string[];
};

/** Where a ledger store keeps the ledger of a card. */
export const ledgerPath = (folder: string, uuid: string): string =>
  path.join(folder, `${uuid.replaceAll(/[^\w.-]/g, '_')}.jsonl`);

/** Reads a ledger file with its seals, without checking them. */
export function readLedgerFile(file: string): Result<ReadLedger> {
  const text = readLines(file);
  return text.ok ? readLedger(text.value.toString(), sha256) : text;
}

/** Removes a last line that a crash left incomplete. Its content is fed again from the history. */
function dropTornLine(file: string): void {
  const content = fs.readFileSync(file);
  const end = content.lastIndexOf(0x0a) + 1;
  if (end < content.length) fs.truncateSync(file, end);
}

/** The day whose sealed content a line changes. */
function dayTouched(content: LedgerLine): number | undefined {
  if ('hour' in content) return dayOf(content.hour.hourMs);
  if ('window' in content) return dayOf(content.window.tsMs);
  return 'event' in content ? dayOf(content.event.tsMs) : undefined;
}

/**
 * Opens the ledgers of a folder. A damaged file is renamed to `….damaged-<time>` and a new ledger begins. Nothing is
 * deleted.
 */
export function openLedgerStore(folder: string): LedgerStore {
  const opened = new Map<string, LedgerFile>();

  function openFile(uuid: string, name: string): LedgerFile {
    makeFolder(folder);
    const file = ledgerPath(folder, uuid);
    let ledger = emptyLedger(uuid, name);
    let sealedTo = -Infinity;
    let revision = 0;
    if (fs.existsSync(file)) {
      const found = readLedgerFile(file);
      if (found.ok && found.value.ledger.uuid === uuid) {
        ledger = found.value.ledger;
        sealedTo = found.value.seals.at(-1)?.dayMs ?? -Infinity;
        dropTornLine(file);
        // a crash may have come between a day's last hour and its seal
        const missing = sealDays(ledger, sha256).filter(({ dayMs }) => dayMs > sealedTo);
        if (missing.length > 0) fs.appendFileSync(file, `${missing.map((seal) => ledgerLine({ seal })).join('\n')}\n`);
        sealedTo = missing.at(-1)?.dayMs ?? sealedTo;
      } else {
        fs.renameSync(file, `${file}.damaged-${new Date().toISOString().replaceAll(/[:.]/g, '-')}`);
        syncFolder(folder);
      }
    }
    if (!fs.existsSync(file)) writeAtomically(file, `${headerLine(ledger)}\n`);

    return {
      ledger: () => ledger,
      revision: () => revision,
      append(lines) {
        if (lines.length === 0) return;
        revision++;
        const daysBefore = new Set([...ledger.hours.keys()].map(dayOf)).size;
        lines.forEach((content) => keepLine(ledger, content));
        const texts = lines.map(ledgerLine);
        const touched = lines.flatMap((content) => dayTouched(content) ?? []);
        const days = new Set([...ledger.hours.keys()].map(dayOf)).size;
        if (days !== daysBefore || touched.some((day) => day <= sealedTo)) {
          const from = Math.min(...touched);
          const seals = sealDays(ledger, sha256).filter(({ dayMs }) => dayMs > sealedTo || dayMs >= from);
          texts.push(...seals.map((seal) => ledgerLine({ seal })));
          sealedTo = seals.at(-1)?.dayMs ?? sealedTo;
        }
        fs.appendFileSync(file, `${texts.join('\n')}\n`, { mode: PRIVATE_FILE });
      },
      replace(next) {
        revision++;
        const seals = sealDays(next, sha256);
        writeAtomically(file, openLedgerText(next, seals));
        ledger = next;
        sealedTo = seals.at(-1)?.dayMs ?? -Infinity;
      },
    };
  }

  return {
    open(uuid, name) {
      let file = opened.get(uuid);
      if (!file) opened.set(uuid, (file = openFile(uuid, name)));
      return file;
    },
    uuids: () =>
      !fs.existsSync(folder)
        ? []
        : fs
            .readdirSync(folder)
            .filter((name) => name.endsWith('.jsonl'))
            .flatMap((name) => {
              const found = readLedgerFile(path.join(folder, name));
              return found.ok ? [found.value.ledger.uuid] : [];
            }),
  };
}

/** Ledgers in memory: for replays, which are computed again each time. */
export function memoryLedgerStore(): LedgerStore {
  const files = new Map<string, LedgerFile>();
  return {
    uuids: () => [...files.keys()],
    open(uuid, name) {
      let ledger = emptyLedger(uuid, name);
      let revision = 0;
      const file: LedgerFile = files.get(uuid) ?? {
        ledger: () => ledger,
        revision: () => revision,
        append(lines) {
          revision++;
          lines.forEach((content) => keepLine(ledger, content));
        },
        replace(next) {
          revision++;
          ledger = next;
        },
      };
      files.set(uuid, file);
      return file;
    },
  };
}
