import { valueOf, type Frame } from '../metrics/frame.ts';
import type { MetricKey } from '../metrics/metrics.ts';
import type { AlertRule, Limits } from './rules.ts';

/** Where one rule stands for one GPU. Times are on the caller's monotonic axis. */
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
  /** highest value since the reading first reached the limit */
  readonly peak: number;
};

export type AlertEngine = {
  /**
   * Judges one GPU's readings. `gap` says that time before this sample was not observed: what was only rising starts
   * again, what was firing goes on. An absent reading changes nothing that is firing.
   */
  readonly judge: (gpuUuid: string, frame: Frame, nowMs: number, gap: boolean) => AlertChange[];
  /** Takes up an alert that was firing when the program last ended. */
  readonly resume: (gpuUuid: string, ruleId: string, peak: number) => void;
};

/** A pure state machine: hold time before firing, hysteresis and hold time before clearing. */
export function createAlertEngine(rules: readonly AlertRule[]): AlertEngine {
  const watches = new Map<string, Watch>();
  /** limits are read seldom: the last ones known, by GPU */
  const known = new Map<string, Map<MetricKey, number>>();

  function limitsOf(gpuUuid: string, frame: Frame): Limits {
    const limits = known.get(gpuUuid) ?? new Map<MetricKey, number>();
    known.set(gpuUuid, limits);
    for (const key of ['tempMaxC', 'tempSlowdownC'] as const) {
      const limit = valueOf(frame, key);
      if (limit !== undefined) limits.set(key, limit);
    }
    return (key) => limits.get(key);
  }

  function watchOf(gpuUuid: string, ruleId: string): Watch {
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
    const hot = value >= limit;
    const cool = value <= limit - rule.hysteresis;
    if (watch.phase !== 'quiet') watch.peak = Math.max(watch.peak, value);
    switch (watch.phase) {
      case 'quiet':
        if (!hot) return undefined;
        watch.phase = 'rising';
        watch.sinceMs = nowMs;
        watch.peak = value;
        return step(watch, rule, value, limit, nowMs);
      case 'rising':
        if (!hot) watch.phase = 'quiet';
        else if (nowMs - watch.sinceMs >= rule.holdMs) {
          watch.phase = 'firing';
          return 'fired';
        }
        return undefined;
      case 'firing':
        if (!cool) return undefined;
        watch.phase = 'settling';
        watch.sinceMs = nowMs;
        return step(watch, rule, value, limit, nowMs);
      case 'settling':
        if (!cool) watch.phase = 'firing';
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
        const value = valueOf(frame, rule.value);
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
