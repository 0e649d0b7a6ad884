import { float64Array, uint16Array, uint8Array } from '../core/schema.ts';
import { z } from '../core/zod.ts';
import { isMetricKey } from './metrics.ts';

export const metricKey = z
  .string()
  .refine(isMetricKey)
  .transform((key) => key);

export const frame = z.object({
  values: float64Array,
  /** index into `readingStates` */
  states: uint8Array,
  /** the source's own code for an absence (NVML return code); 0: none given */
  reasons: uint16Array,
  /** 1 where the value was computed from other readings instead of read */
  derived: uint8Array,
  /** which of the source's names for the metric answered: index into the catalogue's list; not kept in histories */
  via: uint8Array,
});

/** Throttled time, and the time for which it is known whether the card was throttled, ms. */
const throttledTime = z.object({ ms: z.number(), knownMs: z.number() });

/** Throttled time by the causes that cards have counters for. */
export const throttledTimes = z.object({
  'power-cap': throttledTime,
  heat: throttledTime,
  'power-brake': throttledTime,
});
