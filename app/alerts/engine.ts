import { valueOf, type Frame } from '../metrics/frame.ts';
import type { MetricKey } from '../metrics/metrics.ts';
import type { AlertRule, AlertRuleId, Limits, Watched } from './rules.ts';

/** State of one rule on one GPU. Times are on the caller's monotonic axis. */
type Watch = {
  phase: 'quiet' | 'rising' | 'firing' | 'settling';
  sinceMs: number;
  peak: number;
};

export type AlertChange = {
  readonly kind: 'fired' | 'cleared';
  readonly gpuUuid: string;
  readonly rule: AlertRule;
  readonly value: number;
  readonly threshold: number;
  /** the value farthest beyond the limit since the reading first reached it */
  readonly peak: number;
};

export type AlertEngine = {
  /**
   * Judges one GPU's readings. `gap`: the time before this sample was not observed, so hold times start again. A gap or an
   * absent reading never clears an alert that is firing.
   */
  readonly judge: (gpuUuid: string, frame: Frame, nowMs: number, gap: boolean) => AlertChange[];
  /** Continues an alert that was firing when the recorder last ended. */
  readonly resume: (gpuUuid: string, ruleId: AlertRuleId, peak: number) => void;
};

/** Xid errors are events, not readings of a frame. */
const readingOf = (frame: Frame, watched: Watched): number | undefined =>
  watched === 'xid' ? undefined : valueOf(frame, watched);

/** A pure state machine: hold time before firing, hysteresis and hold time before clearing. */
export function createAlertEngine(rules: readonly AlertRule[]): AlertEngine {
  const watches = new Map<string, Watch>();
  /** limits are read less often than readings: the last one of each, by GPU */
  const lastLimits = new Map<string, Map<MetricKey, number>>();

  function limitsOf(gpuUuid: string, frame: Frame): Limits {
    const limits = lastLimits.get(gpuUuid) ?? new Map<MetricKey, number>();
    lastLimits.set(gpuUuid, limits);
    return (key) => {
      const limit = valueOf(frame, key);
      if (limit !== undefined) limits.set(key, limit);
      return limits.get(key);
    };
  }

  function watchOf(gpuUuid: string, ruleId: AlertRuleId): Watch {
    const key = `${ruleId} ${gpuUuid}`;
    let watch = watches.get(key);
    if (!watch) {
      watch = { phase: 'quiet', sinceMs: 0, peak: -Infinity };
      watches.set(key, watch);
    }
    return watch;
  }

  function step(
    watch: Watch,
    rule: AlertRule,
    value: number,
    limit: number,
    nowMs: number,
  ): AlertChange['kind'] | undefined {
    const sign = rule.condition === 'at-least' ? 1 : -1;
    const beyond = sign * (value - limit) >= 0;
    const clear = sign * (limit - value) >= rule.hysteresis;
    if (watch.phase !== 'quiet') watch.peak = sign * Math.max(sign * watch.peak, sign * value);
    switch (watch.phase) {
      case 'quiet':
        if (!beyond) return undefined;
        watch.phase = 'rising';
        watch.sinceMs = nowMs;
        watch.peak = value;
        return step(watch, rule, value, limit, nowMs);
      case 'rising':
        if (!beyond) watch.phase = 'quiet';
        else if (nowMs - watch.sinceMs >= rule.holdMs) {
          watch.phase = 'firing';
          return 'fired';
        }
        return undefined;
      case 'firing':
        if (!clear) return undefined;
        watch.phase = 'settling';
        watch.sinceMs = nowMs;
        return step(watch, rule, value, limit, nowMs);
      case 'settling':
        if (!clear) watch.phase = 'firing';
        else if (nowMs - watch.sinceMs >= rule.clearMs) {
          watch.phase = 'quiet';
          return 'cleared';
        }
        return undefined;
    }
  }

  return {
    judge(gpuUuid, frame, nowMs, gap) {
      const changes: AlertChange[] = [];
      const limits = limitsOf(gpuUuid, frame);
      for (const rule of rules) {
        const watch = watchOf(gpuUuid, rule.id);
        const limit = rule.limit(limits);
        const value = readingOf(frame, rule.metric);
        if (gap || value === undefined) {
          if (watch.phase === 'rising') watch.phase = 'quiet';
          if (watch.phase === 'settling') watch.phase = 'firing';
        }
        if (value === undefined || limit === undefined) continue;
        const kind = step(watch, rule, value, limit, nowMs);
        if (kind) changes.push({ kind, gpuUuid, rule, value, threshold: limit, peak: watch.peak });
      }
      return changes;
    },
    resume(gpuUuid, ruleId, peak) {
      Object.assign(watchOf(gpuUuid, ruleId), { phase: 'firing', peak });
    },
  };
}
