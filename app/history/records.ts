// The small tables: GPUs, gaps, Xid errors.
import type { Gap } from '../telemetry/sampler.ts';
import type { GpuEvent, GpuIdentity, Witness } from '../telemetry/source.ts';
import type { Db } from './db.ts';
import type { StoredGpu, StoredXid } from './schema.ts';

export type { StoredGpu, StoredXid } from './schema.ts';

type Nullable = { readonly [K in keyof GpuIdentity]: GpuIdentity[K] | null } & Omit<
  GpuIdentity,
  'vbios' | 'architecture'
>;

export function createGpuTable(db: Db) {
  const upsert = db.prepare(
    `INSERT INTO gpu (uuid, name, pci_bus_id, display_index, vbios, architecture, first_seen_ms, last_seen_ms)
     VALUES (@uuid, @name, @pciBusId, @index, @vbios, @architecture, @now, @now)
     ON CONFLICT (uuid) DO UPDATE SET name = @name, pci_bus_id = @pciBusId, display_index = @index,
       vbios = coalesce(@vbios, vbios), architecture = coalesce(@architecture, architecture), last_seen_ms = @now
     RETURNING id`,
  );
  const all = db.prepare(
    `SELECT id, uuid, name, pci_bus_id AS pciBusId, display_index AS "index", vbios, architecture,
       first_seen_ms AS firstSeenMs, last_seen_ms AS lastSeenMs FROM gpu ORDER BY display_index, id`,
  );
  return {
    seen({ uuid, name, pciBusId, index, vbios = null, architecture = null }: Nullable, nowMs: number): number {
      const row = { uuid, name, pciBusId, index, vbios, architecture, now: Math.round(nowMs) };
      return (upsert.get(row) as { id: number }).id;
    },
    list: (): StoredGpu[] =>
      (all.all() as Nullable[]).map(
        (row) => Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null)) as StoredGpu,
      ),
  };
}

export function createGapTable(db: Db) {
  const insert = db.prepare('INSERT INTO gap (from_ms, to_ms, reason) VALUES (?, ?, ?)');
  const between = db.prepare(
    'SELECT from_ms AS fromMs, to_ms AS toMs, reason FROM gap WHERE to_ms > ? AND from_ms < ? ORDER BY from_ms',
  );
  return {
    insert: ({ fromMs, toMs, reason }: Gap): void => {
      insert.run(Math.round(fromMs), Math.round(toMs), reason);
    },
    between: (fromMs: number, toMs: number): Gap[] => between.all(fromMs, toMs) as Gap[],
  };
}

/** The same error told by two witnesses comes within seconds; the kernel repeats what it remembers at each start. */
const SAME_XID_MS = 5_000;

export function createXidTable(db: Db) {
  const fields = `xid.id, gpu.uuid AS gpuUuid, gpu.name AS gpuName, ts_ms AS tsMs, code, text, witness
    FROM xid JOIN gpu ON gpu.id = xid.gpu_id`;
  const same = db.prepare(
    `SELECT id, witness FROM xid WHERE gpu_id = @gpuId AND code = @code
       AND ts_ms BETWEEN @tsMs - ${SAME_XID_MS} AND @tsMs + ${SAME_XID_MS}
     ORDER BY abs(ts_ms - @tsMs) LIMIT 1`,
  );
  const insert = db.prepare(
    'INSERT INTO xid (gpu_id, ts_ms, code, text, witness) VALUES (@gpuId, @tsMs, @code, @text, @witness)',
  );
  const confirm = db.prepare("UPDATE xid SET witness = 'both', text = coalesce(text, @text) WHERE id = @id");
  const newest = db.prepare(`SELECT ${fields} ORDER BY ts_ms DESC, xid.id DESC LIMIT ?`);
  const between = db.prepare(`SELECT ${fields} WHERE ts_ms >= ? AND ts_ms < ? ORDER BY ts_ms, xid.id`);
  const stored = (row: unknown): StoredXid => {
    const { text, ...xid } = row as Omit<StoredXid, 'text'> & { text: string | null };
    return text === null ? xid : { ...xid, text };
  };
  return {
    /** Writes an error down, or notes that a second witness has told of it. Returns true for a new one. */
    record(gpuId: number, { tsMs, code, text, witness }: GpuEvent): boolean {
      const row = { gpuId, tsMs: Math.round(tsMs), code, text: text ?? null, witness };
      const known = same.get({ gpuId, tsMs: row.tsMs, code }) as { id: number; witness: Witness } | undefined;
      if (!known) {
        insert.run(row);
        return true;
      }
      if (known.witness !== witness && known.witness !== 'both') confirm.run({ id: known.id, text: row.text });
      return false;
    },
    newest: (limit: number): StoredXid[] => newest.all(limit).map(stored),
    between: (fromMs: number, toMs: number): StoredXid[] => between.all(fromMs, toMs).map(stored),
  };
}
