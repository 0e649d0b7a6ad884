import { shortProcessName } from '../../core/short-command.ts';
import type { Db } from '../../history/db.ts';
import type { Tick } from '../../telemetry/sampler.ts';

/** A process not listed for longer than this has ended. The same PID later is another process. */
const PROCESS_GONE_MS = 60_000;

/** A process on a card, from when it was listed first to when it was listed last. */
export type Presence = {
  readonly gpuUuid: string;
  readonly pid: number;
  readonly name: string;
  readonly fromMs: number;
  readonly toMs: number;
};

/** Which processes were on which GPU, and when. Written in the transaction of the tick that lists them. */
export function createProcessTable(db: Db) {
  const extend = db.prepare(
    `UPDATE process_use SET last_ms = @now, vram_bytes = coalesce(max(vram_bytes, @vram), vram_bytes, @vram)
     WHERE gpu_id = @gpuId AND pid = @pid AND name = @name AND last_ms >= @now - ${PROCESS_GONE_MS} AND first_ms <= @now`,
  );
  const insert = db.prepare(
    `INSERT INTO process_use (gpu_id, pid, name, first_ms, last_ms, vram_bytes) VALUES (@gpuId, @pid, @name, @now, @now, @vram)`,
  );
  const during = db.prepare(
    `SELECT gpu.uuid AS gpuUuid, pid, process_use.name, first_ms AS fromMs, last_ms AS toMs
     FROM process_use JOIN gpu ON gpu.id = gpu_id WHERE last_ms >= ? AND first_ms <= ? ORDER BY first_ms`,
  );
  return {
    wants: ({ gpus }: Tick): boolean => gpus.some(({ processes }) => processes !== undefined),
    write({ tsMs, gpus }: Tick, idOf: (gpuUuid: string) => number): void {
      const now = Math.round(tsMs);
      for (const { gpu, processes = [] } of gpus) {
        for (const { pid, name, vramBytes } of processes) {
          const row = { gpuId: idOf(gpu.uuid), pid, name: shortProcessName(name), now, vram: vramBytes ?? null };
          if (extend.run(row).changes === 0) insert.run(row);
        }
      }
    },
    /** Those of some processes that were on a card between two moments, and the UUIDs of the cards. */
    cardsOf(pids: ReadonlySet<number>, fromMs: number, toMs: number): { gpuUuids: string[]; pids: number[] } {
      const rows = (during.all(fromMs, toMs) as Presence[]).filter(({ pid }) => pids.has(pid));
      return {
        gpuUuids: [...new Set(rows.map(({ gpuUuid }) => gpuUuid))],
        pids: [...new Set(rows.map(({ pid }) => pid))],
      };
    },
    /** Every stay of a process on a card that touches the time between two moments. */
    between: (fromMs: number, toMs: number): readonly Presence[] => during.all(fromMs, toMs) as Presence[],
  };
}

export type ProcessTable = ReturnType<typeof createProcessTable>;
