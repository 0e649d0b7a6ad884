import { writeAtomically } from '../core/atomic-write.node.ts';
import { textCell } from './csv.ts';
import type { SessionFormat } from './format.ts';
import { parquetTable } from './parquet.node.ts';
import { sessionColumns, type SessionExport, type SessionRow } from './session-columns.ts';

/** For whoever the umask allows: an export is made for other programs. */
const READABLE = 0o666;

const plain = (cell: ReturnType<(typeof sessionColumns)[number]['of']>): string | number | undefined =>
  cell instanceof Date ? cell.toISOString() : cell;

function csvOf(rows: readonly SessionRow[]): string {
  const cell = (value: string | number | undefined): string =>
    value === undefined ? '' : typeof value === 'number' ? String(value) : textCell(value);
  const lines = rows.map((row) => sessionColumns.map(({ of }) => cell(plain(of(row)))).join(','));
  return [sessionColumns.map(({ name }) => name).join(','), ...lines].map((line) => `${line}\r\n`).join(''); // RFC 4180
}

/** A row as a plain object, without the columns that have no value. */
const objectOf = (row: SessionRow): Record<string, string | number> =>
  Object.fromEntries(
    sessionColumns.flatMap(({ name, of }) => {
      const value = plain(of(row));
      return value === undefined ? [] : [[name, value] as const];
    }),
  );

const parquetOf = (rows: readonly SessionRow[]): Uint8Array =>
  parquetTable(sessionColumns.map(({ name, type, of }) => ({ name, type, data: rows.map((row) => of(row) ?? null) })));

/**
 * Sessions in a format, all of them in memory: a session is a row, and a history has thousands at most. Idle models are
 * part of JSON only, because they are not rows of the same table.
 */
export function sessionsAs(format: SessionFormat, { sessions, idleModels }: SessionExport): string | Uint8Array {
  switch (format) {
    case 'csv':
      return csvOf(sessions);
    case 'json':
      return `${JSON.stringify({ sessions: sessions.map(objectOf), idleModels }, undefined, 2)}\n`;
    case 'parquet':
      return parquetOf(sessions);
  }
}

/** Writes sessions to a file, which takes its name only when it is complete. Throws as fs does. */
export const writeSessions = (target: string, format: SessionFormat, content: SessionExport): void =>
  writeAtomically(target, sessionsAs(format, content), READABLE);
