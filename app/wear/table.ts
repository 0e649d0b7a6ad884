import type { Db } from '../history/db.ts';
import type { MeterState } from './meter-state.ts';

/** The meter's state per card. A missing one is computed again from the samples. */
export function createWearTable(db: Db) {
  const load = db.prepare(
    'SELECT model_version AS modelVersion, fed_to_id AS fedToId, state FROM wear_state WHERE gpu_id = ?',
  );
  const save = db.prepare(
    'INSERT OR REPLACE INTO wear_state (gpu_id, model_version, fed_to_id, state) VALUES (?, ?, ?, ?)',
  );
  const forget = db.prepare('DELETE FROM wear_state WHERE gpu_id = (SELECT id FROM gpu WHERE uuid = ?)');
  return {
    load(gpuId: number): { modelVersion: string; fedToId: number; state: MeterState } | undefined {
      const row = load.get(gpuId) as { modelVersion: string; fedToId: number; state: string } | undefined;
      return row && { ...row, state: JSON.parse(row.state) as MeterState };
    },
    /** Deletes a state. The next start computes it again from the samples. */
    forget: (gpuUuid: string): void => {
      forget.run(gpuUuid);
    },
    save: (gpuId: number, fedToId: number, state: MeterState): void => {
      save.run(gpuId, state.modelVersion, fedToId, JSON.stringify(state));
    },
  };
}

export type WearTable = ReturnType<typeof createWearTable>;
