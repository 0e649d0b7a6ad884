import type { Store, StoredTick } from '../history/store.ts';
import { valueOf } from '../reading.ts';
import type { Tick } from '../telemetry/sampler.ts';
import { createExposure, feedExposure, summariseExposure, type Exposure, type ExposureState } from './exposure.ts';
import { MODEL_VERSION } from './model.ts';

const MOST_MS = 8.64e15; // the farthest moment that a Date can hold

type Tracked = { readonly gpuId: number; state: ExposureState; fedToId: number };

export type WearTracker = {
  readonly feed: (tick: Tick, stored: readonly StoredTick[]) => void;
  readonly exposureOf: (gpuUuid: string) => Exposure | undefined;
  /** Writes the states down. What is fed after it is fed again from the history at the next start. */
  readonly save: () => void;
};

/**
 * Keeps the exposure of every card. At the start each state is loaded and the samples that came after it are fed again,
 * so a killed process loses nothing; a state of another model version is built anew from the samples that are left.
 */
export function createWearTracker(store: Store): WearTracker {
  const cards = new Map<string, Tracked>();

  for (const { id, uuid } of store.gpus.list()) {
    const saved = store.wear.load(id);
    const usable = saved?.modelVersion === MODEL_VERSION ? saved : undefined;
    const card: Tracked = { gpuId: id, state: usable?.state ?? createExposure(), fedToId: usable?.fedToId ?? 0 };
    // built anew, everything comes in the order of time, imported samples among it; else what has arrived since
    const samples = usable ? store.samplesAfter(id, card.fedToId) : store.samplesBetween(uuid, -MOST_MS, MOST_MS);
    for (const sample of samples) {
      feedExposure(card.state, { tsMs: sample.tsMs, dtMs: sample.dtMs, tempC: valueOf(sample.frame, 'coreTempC') });
      card.fedToId = Math.max(card.fedToId, sample.id);
    }
    cards.set(uuid, card);
  }

  return {
    feed(tick, stored) {
      tick.gpus.forEach(({ gpu, frame }, i) => {
        const { gpuId, sampleId } = stored[i]!;
        let card = cards.get(gpu.uuid);
        if (!card) {
          card = { gpuId, state: createExposure(), fedToId: 0 };
          cards.set(gpu.uuid, card);
        }
        feedExposure(card.state, { tsMs: tick.tsMs, dtMs: tick.dtMs, tempC: valueOf(frame, 'coreTempC') });
        card.fedToId = sampleId;
      });
    },
    exposureOf(gpuUuid) {
      const card = cards.get(gpuUuid);
      return card && summariseExposure(card.state);
    },
    save() {
      for (const { gpuId, fedToId, state } of cards.values()) store.wear.save(gpuId, fedToId, state);
    },
  };
}
