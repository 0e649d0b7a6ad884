import { crc32 } from 'node:zlib';
import { DamagedExport } from './damaged-export.ts';

/**
 * The rows of a CSV or JSON lines export each end with a check: the CRC-32 of the row, continued from that of the row
 * before it, the first from the header. A changed digit is noticed in its row, and so are rows that are missing, added
 * or out of order. The check of the last row also takes in LAST, so that a file that was cut off is noticed.
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
  readonly split: (text: string) => { readonly row: string; readonly check: string } | undefined;
};

function splitBy(pattern: RegExp): CheckedRows['split'] {
  return (text) => {
    const [, row, check] = pattern.exec(text) ?? [];
    return row === undefined || check === undefined ? undefined : { row, check };
  };
}

export const csvRows: CheckedRows = {
  join: (row, check) => `${row},${check}`,
  split: splitBy(/^([^]*),([0-9a-f]{8})$/),
};

export const jsonRows: CheckedRows = {
  join: (row, check) => `${row.slice(0, -1)},"check":"${check}"}`,
  split(text) {
    const found = splitBy(/^([^]*),"check":"([0-9a-f]{8})"\}$/)(text);
    return found && { row: `${found.row}}`, check: found.check }; // with the brace that `join` took off
  },
};

/** Verifies the rows of a file one after the other. Throws DamagedExport. */
export function createLineVerifier(header: string, { split }: CheckedRows) {
  const checks = createLineChecks(header);
  let ended = false;
  return {
    /** @returns the row without its check */
    row(text: string, number: number): string {
      const found = split(text);
      if (ended || !found) throw new DamagedExport(`line ${number} is not as it was written`);
      const expected = checks.next(found.row);
      ended = found.check === checks.last();
      if (!ended && found.check !== expected) throw new DamagedExport(`line ${number} is not as it was written`);
      return found.row;
    },
    end(): void {
      if (!ended) throw new DamagedExport('it ends before its last row');
    },
  };
}
