import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import zlib from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { exportHistory } from '../../app/exchange/export.node.ts';
import type { ExportFormat } from '../../app/exchange/format.ts';
import { temporaryFolder } from '../support/folders.ts';
import { frameWith, tickWith } from '../support/frames.ts';
import { openStore } from '../support/store.ts';

// The checks of an export, computed from docs/format/exports.md alone.

function exported(format: ExportFormat): Buffer {
  const { store } = openStore();
  const start = Date.UTC(2026, 2, 1, 9);
  for (let i = 0; i < 5; i++) store.append(tickWith(start + i * 1000, 1000, [frameWith({ coreTempC: 40 + i })]));
  const target = path.join(temporaryFolder(), 'export');
  const range = { fromMs: start, toMs: start + 60_000, metrics: [], gpuUuids: [] };
  const control = { progress: () => undefined, cancelled: () => false };
  expect(exportHistory(store, { format, target, ...range }, control)).toEqual({ ok: true, value: 5 });
  return fs.readFileSync(target);
}

const hex = (sum: number): string => sum.toString(16).padStart(8, '0');

/** The checks that the page asks for. */
function checksOf(header: string, rows: readonly string[]): string[] {
  let sum = zlib.crc32(header);
  const checks = rows.map((row) => hex((sum = zlib.crc32(row, sum))));
  return [...checks.slice(0, -1), hex(zlib.crc32('\nlast row', sum))];
}

describe('the checks of docs/format/exports.md are those of', () => {
  it('a CSV export', () => {
    const [header, ...lines] = exported('csv').toString().trimEnd().split('\r\n') as [string, ...string[]];
    const rows = lines.map((line) => line.slice(0, line.lastIndexOf(',')));
    expect(lines.map((line) => line.slice(line.lastIndexOf(',') + 1))).toEqual(checksOf(header, rows));
  });

  it('a JSON lines export', () => {
    const [header, ...lines] = exported('jsonl').toString().trimEnd().split('\n') as [string, ...string[]];
    const rows = lines.map((line) => line.replace(/,"check":"[^"]*"}$/, '}'));
    expect(lines.map((line) => (JSON.parse(line) as { check: string }).check)).toEqual(checksOf(header, rows));
  });

  it('a Parquet export', () => {
    const bytes = exported('parquet');
    const at = bytes.lastIndexOf('slowburn-sha256\x18\x40', undefined, 'latin1') + 'slowburn-sha256'.length + 2;
    const digest = bytes.toString('latin1', at, at + 64);
    bytes.fill('0', at, at + 64, 'latin1');
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(digest);
  });
});
