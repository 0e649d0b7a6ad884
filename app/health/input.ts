import type { History } from '../history/history.ts';
import { metrics, type MetricKey } from '../metrics/metrics.ts';
import { readingOf } from '../metrics/frame.ts';
import { type Reading } from '../core/reading.ts';
import { RECENT_MS, type Growth, type HealthInput } from './judge.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/** Health is read on the slow cadence: a slice of the history this long holds every reading. */
const SLICE_MS = 10 * MINUTE_MS;

const growing = ['pcieReplays', 'nvlinkReplays', 'nvlinkRecoveries', 'nvlinkCrcErrors'] as const satisfies MetricKey[];

/** Newest reading of each metric in a period, and its time; `unread` only where it was never read. */
function newestIn(history: History, uuid: string, fromMs: number, toMs: number) {
  const readings: Partial<Record<MetricKey, Reading>> = {};
  const readMs: Partial<Record<MetricKey, number>> = {};
  for (const { tsMs, frame } of history.samplesBetween(uuid, fromMs, toMs)) {
    for (const { key } of metrics) {
      const reading = readingOf(frame, key);
      if (reading.state === 'unread' && readings[key] !== undefined) continue;
      readings[key] = reading;
      readMs[key] = tsMs;
    }
  }
  return { readings, readMs };
}

/** Growth of counters in the last day, per minute. A decrease is a restart of the counter. */
function grownIn(history: History, uuid: string, nowMs: number): Pick<HealthInput, 'grown' | 'linkGeneration'> {
  const toMs = Math.ceil(nowMs / MINUTE_MS) * MINUTE_MS; // so that a slice is a minute
  const fromMs = toMs - DAY_MS;
  const keys = [...growing, 'pcieGen'] as const;
  const range = history.range({ gpuUuid: uuid, metrics: [...keys], fromMs, toMs, buckets: DAY_MS / MINUTE_MS });
  if (!range) return { grown: {} };
  const minutesPerStep = range.stepMs / MINUTE_MS;
  const grown: { [Key in MetricKey]?: Growth } = {};
  for (const key of growing) {
    let [by, minutes, fastest] = [0, 0, 0];
    let before: { readonly value: number; readonly at: number } | undefined;
    range.series[key]?.max.forEach((value, at) => {
      if (Number.isNaN(value)) return;
      if (before) {
        const passed = (at - before.at) * minutesPerStep;
        const step = Math.max(0, value - before.value);
        by += step;
        minutes += passed;
        fastest = Math.max(fastest, step / passed);
      }
      before = { value, at };
    });
    if (minutes > 0) grown[key] = { by, minutes, fastest };
  }
  const generation = Math.max(...[...(range.series.pcieGen?.max ?? [])].filter((value) => value > 0));
  return { grown, ...(generation > 0 ? { linkGeneration: generation } : {}) };
}

/** Collects the input for judging a card from the history: two short periods, the minutes of a day, and 30 days' totals. */
export function healthInput(history: History, uuid: string, hearsXids: boolean, nowMs: number): HealthInput {
  const { readings, readMs } = newestIn(history, uuid, nowMs - SLICE_MS, nowMs + 1);
  const weekAgo = newestIn(history, uuid, nowMs - 7 * DAY_MS - SLICE_MS, nowMs - 7 * DAY_MS).readings;
  const recent = history.totals(uuid, nowMs - RECENT_MS, nowMs);
  return {
    nowMs,
    readings,
    readMs,
    weekAgo: Object.fromEntries(
      Object.entries(weekAgo).flatMap(([key, reading]) => (reading.state === 'value' ? [[key, reading.value]] : [])),
    ),
    ...grownIn(history, uuid, nowMs),
    hearsXids,
    xids: history.xids
      .between(0, nowMs + 1)
      .filter(({ gpuUuid }) => gpuUuid === uuid)
      .map(({ tsMs, code, text, witness }) => ({ tsMs, code, witness, ...(text === undefined ? {} : { text }) })),
    throttled: recent?.throttled,
    observedMs: recent?.observedMs ?? 0,
  };
}
