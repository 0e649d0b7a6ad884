import { metricIndex, type MetricKey } from '../metrics/metrics.ts';
import { hasValue, readingOf, type Frame } from '../metrics/frame.ts';
import { isObserved, orNone } from '../metrics/observed.ts';
import { storedReadingsOf } from './facts.ts';
import { pastTicks, type PastSources } from './past-ticks.ts';
import type { AlertPreview } from './preview-schema.ts';
import { covers, limitOf, type AlertRule, type Limits } from './rules.ts';
import { createAlertWatch } from './watch.ts';

export const PREVIEW_MS = 30 * 86_400_000;

const nothingAround = {
  machine: { recordingPaused: false, clockImplausible: false },
  card: () => ({}),
};

/** The limits of the card that a rule compares with. */
function limitKeysOf(rule: AlertRule): MetricKey[] {
  const keys = new Set<MetricKey>();
  const note: Limits = (key) => {
    keys.add(key);
    return 0;
  };
  limitOf(rule, note);
  return [...keys];
}

/** Adds up the time in which a card gave a value that the rule watches. */
function createObserved(keys: readonly MetricKey[]) {
  const last = new Map<string, readonly number[]>();
  return (gpuUuid: string, frame: Frame, dtMs: number | undefined): number => {
    const before = last.get(gpuUuid);
    // a reading of the slow cadence holds until it is read again
    const now = keys.map((key, i) =>
      readingOf(frame, key).state === 'unread' ? (before?.[i] ?? Number.NaN) : orNone(frame, key),
    );
    last.set(gpuUuid, now);
    if (dtMs === undefined || !before) return 0;
    return now.some((value, i) => isObserved(before[i]!, value, dtMs)) ? dtMs : 0;
  };
}

/**
 * How often a rule would have fired in the last 30 days: the stored samples are judged as live ones are, with the rules
 * that name a common cause. Other work runs after each hour of samples.
 * @param others rules that are on
 */
export async function previewRule(
  history: PastSources,
  rule: AlertRule,
  others: readonly AlertRule[],
  toMs: number,
): Promise<AlertPreview> {
  const fromMs = toMs - PREVIEW_MS;
  const result = { fired: 0, fromMs, toMs, observedMs: 0, missing: null };
  const watched = storedReadingsOf(rule.watches);
  if (!watched) return { ...result, missing: 'notStored' };
  const observed = createObserved(watched);
  const causes = others.filter((other) => covers(other, rule.id) && storedReadingsOf(other.watches));
  const rules = [...causes, rule];
  const limits = limitKeysOf(rule);
  const keys = new Set<MetricKey>([
    'coreTempC',
    ...rules.flatMap((each) => [...storedReadingsOf(each.watches)!, ...limitKeysOf(each)]),
  ]);
  const watch = createAlertWatch(rules);
  let [fired, observedMs, hasLimit] = [0, 0, limits.length === 0];
  for (const tick of pastTicks(history, fromMs, toMs + 1, [...keys])) {
    if (!tick) {
      await new Promise(setImmediate);
      continue;
    }
    for (const { gpu, frame } of tick.gpus) observedMs += observed(gpu.uuid, frame, tick.dtMs);
    hasLimit ||= tick.gpus.some(({ frame }) => limits.some((key) => hasValue(frame, metricIndex[key])));
    for (const { kind, rule: id } of watch.take(tick, nothingAround)) if (kind === 'fired' && id === rule.id) fired++;
  }
  if (observedMs === 0 && fired === 0) return { ...result, missing: 'nothing' };
  return { ...result, fired, observedMs, missing: hasLimit ? null : 'noLimit' };
}
