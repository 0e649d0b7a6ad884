import { DamagedChunk } from '../history/codec/blocks.ts';
import type { Db } from '../history/db.ts';
import { decodeRollup } from '../history/codec/rollup.ts';
import { decodeSamples } from '../history/codec/sample-chunk.ts';
import { text } from '../core/i18n.ts';
import { messageOf } from '../core/result.ts';
import type { JobControl } from '../core/job-control.ts';

export type CheckReport = {
  /** sealed chunks that were read to the last number */
  readonly chunks: number;
  readonly rollups: number;
  readonly openRows: number;
  readonly samples: number;
  /** what is wrong, as sentences; empty if nothing is */
  readonly problems: readonly string[];
};

const MOST_PROBLEMS = 20;

/**
 * Reads everything: SQLite's own check of each table, then every sealed part against its checksums and its row.
 * @returns undefined if it was cancelled
 */
export function checkHistory(db: Db, control: JobControl): CheckReport | undefined {
  const problems: string[] = [];
  const tables = db.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").pluck().all() as string[];
  const count = (table: string): number => db.prepare(`SELECT count(*) FROM ${table}`).pluck().get() as number;
  const total = count('chunk') + count('rollup') + tables.length;
  let done = 0;
  const step = (): boolean => {
    control.progress(++done, total);
    return control.cancelled();
  };
  for (const table of tables) {
    for (const { integrity_check: found } of db.pragma(`integrity_check(${table})`) as { integrity_check: string }[]) {
      if (found !== 'ok') problems.push(`${table}: ${found}`);
    }
    if (step()) return undefined;
  }
  const report = { chunks: 0, rollups: 0, openRows: count('tick'), samples: 0, problems };
  function each(table: 'chunk' | 'rollup', look: (row: Record<string, number> & { data: Buffer }) => void): boolean {
    const row = db.prepare(`SELECT * FROM ${table} WHERE id > ? ORDER BY id LIMIT 1`);
    for (let id = -1; ;) {
      const found = row.get(id) as (Record<string, number> & { data: Buffer }) | undefined;
      if (!found) return false;
      id = found['id']!;
      try {
        look(found);
      } catch (thrown) {
        if (!(thrown instanceof DamagedChunk || thrown instanceof RangeError)) throw thrown;
        problems.push(`${table} ${id}, GPU ${found['gpu_id']!}: ${messageOf(thrown)}`);
      }
      if (problems.length >= MOST_PROBLEMS || step()) return control.cancelled();
    }
  }
  const stopped =
    each('chunk', ({ data, n, from_ms, to_ms, first_seq, last_seq }) => {
      const { tsMs, seq } = decodeSamples(data, db.packer);
      const [low, high] = [tsMs.reduce((a, b) => Math.min(a, b)), tsMs.reduce((a, b) => Math.max(a, b))];
      if (tsMs.length !== n || low !== from_ms || high !== to_ms || seq[0] !== first_seq || seq.at(-1) !== last_seq) {
        throw new DamagedChunk(text('historyFile.chunkPlace'));
      }
      report.chunks++;
      report.samples += tsMs.length;
    }) ||
    each('rollup', ({ data, from_ms }) => {
      decodeRollup(from_ms!, data, db.packer);
      report.rollups++;
    });
  return stopped ? undefined : report;
}
