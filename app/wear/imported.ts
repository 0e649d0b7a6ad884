import type { Imported } from '../history/import.ts';
import type { Store } from '../history/store.ts';
import { valueOf } from '../reading.ts';
import { createExposure, feedExposure, mergeExposure, type ExposureState } from './exposure.ts';
import { createWearTracker } from './tracker.ts';

type Card = { known: ExposureState | undefined; stretch: ExposureState };

export type ImportedWear = {
  /** Counts what was just added. Call it in the transaction that added it. */
  readonly absorb: (imported: Imported) => void;
};

/**
 * Counts imported samples into the wear of their GPUs. The model's states are fed in the order of arrival, and imported
 * samples arrive late: they are counted as stretches of their own, in their own order, and added to what was known, so
 * nothing that was counted from samples deleted since is lost. No recorder may run meanwhile.
 */
export function createImportedWear(store: Store): ImportedWear {
  createWearTracker(store).save(); // what a killed recorder had not counted yet
  const cards = new Map<number, Card>();
  return {
    absorb({ gpuId, added }) {
      if (added.length === 0) return;
      let card = cards.get(gpuId);
      if (!card) {
        // a log that goes on where the history ends is fed on; any other begins a stretch
        card = { known: undefined, stretch: store.wear.load(gpuId)?.state ?? createExposure() };
        cards.set(gpuId, card);
      }
      for (const { tsMs, dtMs, frame } of added) {
        if (card.stretch.lastMs !== undefined && tsMs < card.stretch.lastMs) {
          card.known = card.known ? mergeExposure(card.known, card.stretch) : card.stretch;
          card.stretch = createExposure();
        }
        feedExposure(card.stretch, { tsMs, dtMs, tempC: valueOf(frame, 'coreTempC') });
      }
      const whole = card.known ? mergeExposure(card.known, card.stretch) : card.stretch;
      store.wear.save(gpuId, added.at(-1)!.id, whole);
    },
  };
}
