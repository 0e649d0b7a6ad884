import { factOf, type Subject } from './facts.ts';
import { alertRuleOf, covers, limitOf, type AlertRule, type AlertRuleId } from './rules.ts';

/** State of one rule on one subject. Times are on the axis of observed time. */
type Watch = {
  phase: 'quiet' | 'pending' | 'firing' | 'settling';
  sinceMs: number;
  peak: number;
  /** when it fired within the last hour */
  fired: number[];
  /** it was firing when the recorder ended: what looks back is complete only after this time */
  completeAtMs: number;
};

export type AlertChange = {
  readonly kind: 'fired' | 'cleared';
  /** null: the machine */
  readonly gpuUuid: string | null;
  readonly gpuName: string;
  readonly rule: AlertRule;
  readonly value: number;
  readonly threshold: number;
  /** the value farthest beyond the limit since it first reached it */
  readonly peak: number;
};

export type AlertEngine = {
  /**
   * Judges all subjects, the machine first. `axisMs`: observed time, which no clock change touches and no gap adds to. `gap`:
   * the time before was not observed, so hold times start again. A gap or an absent value never clears an alert.
   */
  readonly judge: (subjects: readonly Subject[], axisMs: number, gap: boolean) => AlertChange[];
  /** Rules to judge by from now on. An alert of a rule that is not among them ends. */
  readonly setRules: (rules: readonly AlertRule[]) => void;
  /** Continues an alert that was firing when the recorder ended. */
  readonly resume: (gpuUuid: string | null, ruleId: AlertRuleId, peak: number) => void;
  /** An alert that fired before the recorder started: one that keeps coming back clears later. */
  readonly remember: (gpuUuid: string | null, ruleId: AlertRuleId, agoMs: number) => void;
};

const FLAP_MS = 3_600_000;
/** An alert that comes back clears later each time, but no later than this. */
const MOST_CLEAR_MS = 30 * 60_000;
const LEAST_CLEAR_MS = 60_000;

/** How long a value must stay clear: twice as long for each time that the alert came back within an hour. */
function clearMsOf({ clearMs }: Pick<AlertRule, 'clearMs'>, fires: number): number {
  if (fires <= 1) return clearMs;
  const doubled = Math.max(clearMs, LEAST_CLEAR_MS) * 2 ** (fires - 1);
  return Math.max(clearMs, Math.min(doubled, MOST_CLEAR_MS));
}

/** A pure state machine: hold time before firing, hysteresis and hold time before clearing, one alert per cause. */
export function createAlertEngine(first: readonly AlertRule[]): AlertEngine {
  let rules = first;
  let on = new Set(rules.map(({ id }) => id));
  const watches = new Map<string | null, Map<AlertRuleId, Watch>>();

  function watchOf(gpuUuid: string | null, ruleId: AlertRuleId): Watch {
    let ofSubject = watches.get(gpuUuid);
    if (!ofSubject) watches.set(gpuUuid, (ofSubject = new Map<AlertRuleId, Watch>()));
    let watch = ofSubject.get(ruleId);
    if (!watch) {
      watch = { phase: 'quiet', sinceMs: 0, peak: Number.NaN, fired: [], completeAtMs: -Infinity };
      ofSubject.set(ruleId, watch);
    }
    return watch;
  }

  const isCovered = (gpuUuid: string | null, { id }: AlertRule): boolean =>
    rules.some(
      (rule) =>
        covers(rule, id) &&
        [gpuUuid, null].some((subject) => (watches.get(subject)?.get(rule.id)?.phase ?? 'quiet') !== 'quiet'),
    );

  function fire(watch: Watch, axisMs: number): 'fired' {
    watch.phase = 'firing';
    watch.fired = [...watch.fired.filter((atMs) => axisMs - atMs < FLAP_MS), axisMs];
    return 'fired';
  }

  function step(watch: Watch, rule: AlertRule, value: number, limit: number, axisMs: number, gpuUuid: string | null) {
    const sign = rule.condition === 'at-least' ? 1 : -1;
    const beyond = sign * (value - limit) >= 0;
    const clear = sign * (limit - value) >= rule.hysteresis;
    if (watch.phase !== 'quiet') watch.peak = sign * Math.max(sign * watch.peak, sign * value);
    switch (watch.phase) {
      case 'quiet':
        if (!beyond) return undefined;
        Object.assign(watch, { phase: 'pending', sinceMs: axisMs, peak: value });
        break;
      case 'pending':
        if (!beyond) watch.phase = 'quiet';
        break;
      case 'firing':
        if (!clear) return undefined;
        Object.assign(watch, { phase: 'settling', sinceMs: axisMs });
        break;
      case 'settling':
        if (!clear) watch.phase = 'firing';
    }
    const sinceMs = axisMs - watch.sinceMs;
    if (watch.phase === 'pending' && sinceMs >= rule.holdMs && !isCovered(gpuUuid, rule)) return fire(watch, axisMs);
    if (watch.phase !== 'settling' || axisMs < watch.completeAtMs) return undefined;
    if (sinceMs < clearMsOf(rule, watch.fired.length)) return undefined;
    watch.phase = 'quiet';
    return 'cleared';
  }

  function judgeRule(subject: Subject, rule: AlertRule, axisMs: number, gap: boolean): AlertChange | undefined {
    const { gpuUuid, gpuName } = subject;
    const value = subject.read(rule.watches);
    const limit = limitOf(rule, subject.limit); // even if the value is absent: limits are remembered
    const watch = watchOf(gpuUuid, rule.id);
    if (gap || value === undefined) {
      if (watch.phase === 'pending') watch.phase = 'quiet';
      if (watch.phase === 'settling') watch.phase = 'firing';
    }
    if (value === undefined || value === 'unread' || limit === undefined) return undefined;
    const kind = step(watch, rule, value, limit, axisMs, gpuUuid);
    return kind && { kind, gpuUuid, gpuName, rule, value, threshold: limit, peak: watch.peak };
  }

  /** Alerts of rules that were switched off. */
  function endOthers({ gpuUuid, gpuName }: Subject): AlertChange[] {
    const ended: AlertChange[] = [];
    watches.get(gpuUuid)?.forEach((watch, id) => {
      if (on.has(id) || watch.phase === 'quiet') return;
      const isOpen = watch.phase !== 'pending';
      watch.phase = 'quiet';
      const { peak } = watch;
      if (isOpen)
        ended.push({ kind: 'cleared', gpuUuid, gpuName, rule: alertRuleOf(id), value: peak, threshold: peak, peak });
    });
    return ended;
  }

  return {
    judge(subjects, axisMs, gap) {
      const changes: AlertChange[] = [];
      for (const subject of subjects) {
        changes.push(...endOthers(subject));
        for (const rule of rules) {
          const change = judgeRule(subject, rule, axisMs, gap);
          if (change) changes.push(change);
        }
      }
      return changes;
    },
    setRules(next) {
      rules = next;
      on = new Set(rules.map(({ id }) => id));
    },
    resume(gpuUuid, ruleId, peak) {
      const completeAtMs = factOf(alertRuleOf(ruleId).watches)?.windowMs ?? -Infinity;
      Object.assign(watchOf(gpuUuid, ruleId), { phase: 'firing', peak, completeAtMs });
    },
    remember: (gpuUuid, ruleId, agoMs) => void watchOf(gpuUuid, ruleId).fired.push(-agoMs),
  };
}
