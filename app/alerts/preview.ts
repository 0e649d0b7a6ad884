import { metricIndex, type MetricKey } from '../metrics/metrics.ts';
import { hasValue } from '../metrics/frame.ts';
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
  if (!storedReadingsOf(rule.watches)) return { ...result, missing: 'notStored' };
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
    observedMs += (tick.dtMs ?? 0) * tick.gpus.length;
    hasLimit ||= tick.gpus.some(({ frame }) => limits.some((key) => hasValue(frame, metricIndex[key])));
    for (const { kind, rule: id } of watch.take(tick, nothingAround)) if (kind === 'fired' && id === rule.id) fired++;
  }
  if (observedMs === 0) return { ...result, missing: 'nothing' };
  return { ...result, fired, observedMs, missing: hasLimit ? null : 'noLimit' };
}
