import type { Store } from '../history/store.ts';
import { metrics, type MetricKey } from '../metrics.ts';
import { readingOf, valueOf, type Reading } from '../reading.ts';
import type { Tally } from '../wear/tally.ts';
import type { HealthInput } from './judge.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/** Health is read on the slow cadence: a slice of the history this long holds every reading. */
const SLICE_MS = 10 * MINUTE_MS;

const growing = ['pcieReplays', 'nvlinkReplays', 'nvlinkRecoveries', 'nvlinkCrcErrors'] as const satisfies MetricKey[];

/** Newest reading of each metric in a slice of time; `unread` only where it was never asked for. */
function newestIn(store: Store, uuid: string, fromMs: number, toMs: number) {
  const readings: Partial<Record<MetricKey, Reading>> = {};
  let seenMs: number | undefined;
  for (const { tsMs, frame } of store.samplesBetween(uuid, fromMs, toMs)) {
    seenMs = tsMs;
    for (const { key } of metrics) {
      const reading = readingOf(frame, key);
      if (reading.state !== 'unread' || readings[key] === undefined) readings[key] = reading;
    }
  }
  return { readings, seenMs };
}

/** First value of some counters at or after a moment, and when it was read. */
function firstAfter(store: Store, uuid: string, fromMs: number, toMs: number) {
  const found: Partial<Record<MetricKey, { readonly value: number; readonly tsMs: number }>> = {};
  for (const { tsMs, frame } of store.samplesBetween(uuid, fromMs, toMs)) {
    for (const key of growing) {
      const value = valueOf(frame, key);
      if (value !== undefined && !found[key]) found[key] = { value, tsMs };
    }
    if (growing.every((key) => found[key])) break;
  }
  return found;
}

/** Gathers from the history what the judgement of a card needs: three short slices of it, not the whole. */
export function healthInput(
  store: Store,
  uuid: string,
  life: { readonly throttled: Tally['throttledMs'] | undefined; readonly observedMs: number },
  hearsXids: boolean,
  nowMs: number,
): HealthInput {
  const { readings, seenMs = nowMs } = newestIn(store, uuid, nowMs - SLICE_MS, nowMs + 1);
  const weekAgo = newestIn(store, uuid, nowMs - 7 * DAY_MS - SLICE_MS, nowMs - 7 * DAY_MS).readings;
  const dayAgo = firstAfter(store, uuid, nowMs - DAY_MS, nowMs + 1);
  const grown: { [Key in MetricKey]?: { by: number; minutes: number } } = {};
  for (const key of growing) {
    const [before, now] = [dayAgo[key], readings[key]];
    if (!before || now?.state !== 'value' || now.value < before.value) continue; // a decrease is a new start
    grown[key] = { by: now.value - before.value, minutes: (seenMs - before.tsMs) / MINUTE_MS };
  }
  const counters = (['throttledSwThermalUs', 'throttledHwThermalUs', 'throttledSwPowerUs'] as const).some(
    (key) => readings[key]?.state === 'value',
  );
  const { throttled } = life;
  return {
    nowMs,
    readings,
    weekAgo: Object.fromEntries(
      Object.entries(weekAgo).flatMap(([key, reading]) => (reading.state === 'value' ? [[key, reading.value]] : [])),
    ),
    grown,
    hearsXids,
    xids: store.xids
      .between(0, nowMs + 1)
      .filter(({ gpuUuid }) => gpuUuid === uuid)
      .map(({ tsMs, code, text, witness }) => ({ tsMs, code, witness, ...(text === undefined ? {} : { text }) })),
    throttledMs:
      counters && throttled
        ? {
            powerCap: throttled.powerCap,
            heat: throttled.swThermal + throttled.hwThermal,
            powerBrake: throttled.powerBrake,
          }
        : undefined,
    observedMs: life.observedMs,
  };
}
