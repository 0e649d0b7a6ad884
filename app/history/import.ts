import { gauges } from '../metrics.ts';
import type { LogSample } from '../telemetry/logs/intake.ts';
import { GAP_MS } from '../telemetry/sampler.ts';
import type { GpuIdentity } from '../telemetry/source.ts';
import type { Db } from './database.node.ts';
import { MINUTE_MS, minuteOf, type Rollups } from './rollups.ts';
import type { SampleTable, StoredSample } from './samples.ts';

export type Imported = {
  readonly gpuId: number;
  /** what was written, in the order of the log */
  readonly added: readonly StoredSample[];
  /** samples of a time that the history has already */
  readonly duplicate: number;
};

/** @param samples at least one, and few enough for one transaction */
export type ImportSamples = (gpu: GpuIdentity, samples: readonly LogSample[]) => Imported;

type Neighbour = { readonly ts_ms: number; readonly dt_ms: number | null };

/**
 * Adds samples of a log to the history of a GPU. Time that the history knows already is not added again, whether it
 * came from the same file, from one that overlaps it, or was recorded here: so no hour of wear and no joule counts
 * twice. Minutes of which only the roll-up is left count as known. Roll-ups of the minutes touched are made anew.
 */
export function createImport(db: Db, samples: SampleTable, rollups: Rollups): ImportSamples {
  const see = db.prepare(
    `INSERT INTO gpu (uuid, name, pci_bus_id, display_index, vbios, architecture, first_seen_ms, last_seen_ms)
     VALUES (@uuid, @name, @pciBusId, @index, @vbios, @architecture, @tsMs, @tsMs)
     ON CONFLICT (uuid) DO UPDATE SET first_seen_ms = min(first_seen_ms, @tsMs), last_seen_ms = max(last_seen_ms, @tsMs)
     RETURNING id`,
  );
  const next = db.prepare(
    'SELECT ts_ms, dt_ms FROM sample WHERE gpu_id = ? AND ts_ms >= ? AND ts_ms <= ? ORDER BY ts_ms LIMIT 1',
  );
  const previous = db.prepare(
    'SELECT ts_ms, dt_ms FROM sample WHERE gpu_id = ? AND ts_ms < ? AND ts_ms >= ? ORDER BY ts_ms DESC LIMIT 1',
  );
  const rolled = db.prepare(
    `SELECT 1 FROM rollup_minute WHERE gpu_id = ? AND minute_ms = ?
       AND metric_id IN (${gauges.map(({ id }) => id).join(', ')}) LIMIT 1`,
  );

  /** Its samples were deleted when they had become old; what they said is in the roll-up. */
  const onlyRolled = (gpuId: number, minuteMs: number): boolean =>
    rolled.get(gpuId, minuteMs) !== undefined && next.get(gpuId, minuteMs, minuteMs + MINUTE_MS - 1) === undefined;

  function isKnown(gpuId: number, tsMs: number): boolean {
    const after = next.get(gpuId, tsMs, tsMs + GAP_MS) as Neighbour | undefined;
    return after !== undefined && (after.ts_ms === tsMs || (after.dt_ms !== null && after.ts_ms - after.dt_ms < tsMs));
  }

  return db.transaction((gpu: GpuIdentity, list: readonly LogSample[]): Imported => {
    const added: StoredSample[] = [];
    const minutes = new Map<number, boolean>();
    let gpuId = -1;
    let duplicate = 0;
    const stamps = list.map(({ tsMs }) => tsMs);
    for (const tsMs of [Math.min(...stamps), Math.max(...stamps)]) {
      const { vbios = null, architecture = null } = gpu;
      ({ id: gpuId } = see.get({ ...gpu, vbios, architecture, tsMs }) as { id: number });
    }
    for (const { tsMs, dtMs, frame } of list) {
      const minuteMs = minuteOf(tsMs);
      if (!minutes.has(minuteMs)) minutes.set(minuteMs, !onlyRolled(gpuId, minuteMs));
      if (!minutes.get(minuteMs) || isKnown(gpuId, tsMs)) {
        duplicate++;
        continue;
      }
      const before = previous.get(gpuId, tsMs, tsMs - GAP_MS) as Neighbour | undefined;
      const observedMs = dtMs === undefined ? undefined : Math.min(dtMs, before ? tsMs - before.ts_ms : Infinity);
      const id = samples.insert(gpuId, tsMs, observedMs, frame);
      added.push({ id, tsMs, dtMs: observedMs, frame });
    }
    for (const minuteMs of new Set(added.map(({ tsMs }) => minuteOf(tsMs)))) rollups.rollUp(gpuId, minuteMs);
    return { gpuId, added, duplicate };
  });
}
