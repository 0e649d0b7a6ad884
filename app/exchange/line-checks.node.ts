import { crc32 } from 'node:zlib';
import { text } from '../core/i18n.ts';
import { DamagedExport } from './damaged-export.ts';

/**
 * Each row of a CSV or JSON lines export ends with a check: the CRC-32 of the row, continued from that of the row before
 * it, the first from the header. It detects changed, missing, added and moved rows. The check of the last row also
 * covers LAST, so that a file that was cut off is detected. See docs/format/exports.md.
 */
const LAST = '\nlast row';

const hex = (sum: number): string => sum.toString(16).padStart(8, '0');

/** What makes the checks of a file, row by row. */
export function createLineChecks(header: string) {
  let sum = crc32(header);
  return {
    next(row: string): string {
      sum = crc32(row, sum);
      return hex(sum);
    },
    /** The check of the row that `next` was just given, if it is the last one. */
    last: (): string => hex(crc32(LAST, sum)),
  };
}

/** How a row carries its check. */
export type CheckedRows = {
  readonly join: (row: string, check: string) => string;
  /** undefined: it carries none */
  readonly split: (line: string) => { readonly row: string; readonly check: string } | undefined;
};

function splitBy(pattern: RegExp): CheckedRows['split'] {
  return (line) => {
    const [, row, check] = pattern.exec(line) ?? [];
    return row === undefined || check === undefined ? undefined : { row, check };
  };
}

export const csvRows: CheckedRows = {
  join: (row, check) => `${row},${check}`,
  split: splitBy(/^([^]*),([0-9a-f]{8})$/),
};

export const jsonRows: CheckedRows = {
  join: (row, check) => `${row.slice(0, -1)},"check":"${check}"}`,
  split(line) {
    const found = splitBy(/^([^]*),"check":"([0-9a-f]{8})"\}$/)(line);
    return found && { row: `${found.row}}`, check: found.check }; // with the brace that `join` took off
  },
};

const changed = (line: number): DamagedExport => new DamagedExport(text('exchange.row', { line }));

/** Verifies the rows of a file one after the other. Throws DamagedExport. */
export function createLineVerifier(header: string, { split }: CheckedRows) {
  const checks = createLineChecks(header);
  let ended = false;
  return {
    /** @returns the row without its check */
    row(line: string, number: number): string {
      const found = split(line);
      if (ended || !found) throw changed(number);
      const expected = checks.next(found.row);
      ended = found.check === checks.last();
      if (!ended && found.check !== expected) throw changed(number);
      return found.row;
    },
    end(): void {
      if (!ended) throw new DamagedExport(text('exchange.cutOff'));
    },
  };
}
