import { shortProcessName } from '../../core/short-command.ts';
import type { Db } from '../../history/db.ts';
import type { Tick } from '../../telemetry/sampler.ts';

/** A process not listed for longer than this has ended. The same PID later is another process. */
const PROCESS_GONE_MS = 60_000;

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
    `SELECT DISTINCT gpu.uuid, pid FROM process_use JOIN gpu ON gpu.id = gpu_id
     WHERE last_ms >= ? AND first_ms <= ?`,
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
    /** UUIDs of the GPUs that one of these processes was on between two moments. */
    gpusUsedBy(pids: ReadonlySet<number>, fromMs: number, toMs: number): string[] {
      const rows = during.all(fromMs, toMs) as { uuid: string; pid: number }[];
      return [...new Set(rows.filter(({ pid }) => pids.has(pid)).map(({ uuid }) => uuid))];
    },
  };
}

export type ProcessTable = ReturnType<typeof createProcessTable>;
