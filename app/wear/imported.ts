import type { Imported } from '../history/import.ts';
import type { Store } from '../history/store.ts';
import { valueOf } from '../reading.ts';
import { createExposure } from './exposure.ts';
import { createStretches, type Stretches } from './stretches.ts';
import { createWearTracker } from './tracker.ts';

export type ImportedWear = {
  /** Counts what was just added. Call it in the transaction that added it. */
  readonly absorb: (imported: Imported) => void;
};

/**
 * Counts imported samples into the wear of their GPUs, in the order of their own time, and adds them to what was known:
 * nothing that was counted from samples deleted since is lost. No recorder may run meanwhile.
 */
export function createImportedWear(store: Store): ImportedWear {
  createWearTracker(store).save(); // what a killed recorder had not counted yet
  const cards = new Map<number, Stretches>();
  return {
    absorb({ gpuId, added }) {
      if (added.length === 0) return;
      const card = cards.get(gpuId) ?? createStretches(store.wear.load(gpuId)?.state ?? createExposure());
      cards.set(gpuId, card);
      for (const { tsMs, dtMs, frame } of added) card.feed({ tsMs, dtMs, tempC: valueOf(frame, 'coreTempC') });
      store.wear.save(gpuId, added.at(-1)!.id, card.whole());
    },
  };
}
