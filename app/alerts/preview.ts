import { metricIndex, type MetricKey } from '../metrics/metrics.ts';
import { hasValue, readingOf, type Frame } from '../metrics/frame.ts';
import { isObserved, orNone } from '../metrics/observed.ts';
import type { GapReason, Tick } from '../telemetry/sampler.ts';
import { isAbout, type AlertEntry } from './episode.ts';
import { storedReadingsOf } from './facts.ts';
import { pastTicks, type PastSources } from './past-ticks.ts';
import type { AlertPreview } from './preview-schema.ts';
import { covers, limitOf, type AlertRule, type Limits } from './rules.ts';
import { HOUR_MS } from './rule-row.ts';
import { createAlertWatch, type PastAlert } from './watch.ts';

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

/** Gaps after which another run of the recorder began, which knows of its past only the alerts. */
const STARTS: readonly (GapReason | undefined)[] = ['not-running', 'restarted'];

/** A watch that starts again where the recorder did. */
function createPastWatch(rules: readonly AlertRule[]) {
  let watch = createAlertWatch(rules);
  let open: readonly PastAlert[] = [];
  let recent: readonly PastAlert[] = [];

  function note(entry: AlertEntry): void {
    open = open.filter((alert) => !isAbout(entry, alert));
    if (entry.kind !== 'fired') return;
    const alert = { ...entry, firedMs: entry.tsMs };
    open = [...open, alert];
    recent = [...recent.filter(({ firedMs }) => entry.tsMs - firedMs < HOUR_MS), alert];
  }
  return (tick: Tick): readonly AlertEntry[] => {
    if (STARTS.includes(tick.gap?.reason)) watch = createAlertWatch(rules, open, recent, tick.tsMs);
    const entries = watch.take(tick, nothingAround);
    entries.forEach(note);
    return entries;
  };
}

/**
 * How often a rule would have fired in the last 30 days: the stored samples are judged as live ones are, with the rules
 * that name a common cause, and from each start of the recorder afresh. Other work runs after each hour of samples.
 *
 * It equals what fired, but for what the history does not hold: an alert that was firing when the 30 days began counts, time
 * that could not be written is missing, and where the clock was set back, samples are judged by their stamps.
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
  const take = createPastWatch(rules);
  let [fired, observedMs, hasLimit] = [0, 0, limits.length === 0];
  for (const tick of pastTicks(history, fromMs, toMs + 1, [...keys])) {
    if (!tick) {
      await new Promise(setImmediate);
      continue;
    }
    for (const { gpu, frame } of tick.gpus) observedMs += observed(gpu.uuid, frame, tick.dtMs);
    hasLimit ||= tick.gpus.some(({ frame }) => limits.some((key) => hasValue(frame, metricIndex[key])));
    for (const { kind, rule: id } of take(tick)) if (kind === 'fired' && id === rule.id) fired++;
  }
  if (observedMs === 0 && fired === 0) return { ...result, missing: 'nothing' };
  return { ...result, fired, observedMs, missing: hasLimit ? null : 'noLimit' };
}
