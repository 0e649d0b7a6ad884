import { valueOf, type Frame } from '../reading.ts';
import type { AlertRule } from './rules.ts';

/** Where one rule stands for one GPU. Times are on the caller's monotonic axis. */
type Watch = {
  phase: 'quiet' | 'rising' | 'firing' | 'settling';
  sinceMs: number;
  /** limits are read seldom: the last one known */
  limit: number | undefined;
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
  readonly resume: (gpuUuid: string, ruleId: string, threshold: number, peak: number) => void;
};

/** A pure state machine: hold time before firing, hysteresis and hold time before clearing. */
export function createAlertEngine(rules: readonly AlertRule[]): AlertEngine {
  const watches = new Map<string, Watch>();

  function watchOf(gpuUuid: string, ruleId: string): Watch {
    const key = `${ruleId} ${gpuUuid}`;
    let watch = watches.get(key);
    if (!watch) {
      watch = { phase: 'quiet', sinceMs: 0, limit: undefined, peak: -Infinity };
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
      for (const rule of rules) {
        const watch = watchOf(gpuUuid, rule.id);
        watch.limit = valueOf(frame, rule.limit) ?? watch.limit;
        const value = valueOf(frame, rule.value);
        if (gap || value === undefined) {
          if (watch.phase === 'rising') watch.phase = 'quiet';
          if (watch.phase === 'settling') watch.phase = 'firing';
        }
        if (value === undefined || watch.limit === undefined) continue;
        const kind = step(watch, rule, value, watch.limit, nowMs);
        if (kind) changes.push({ kind, gpuUuid, rule, value, threshold: watch.limit, peak: watch.peak });
      }
      return changes;
    },
    resume(gpuUuid, ruleId, threshold, peak) {
      Object.assign(watchOf(gpuUuid, ruleId), { phase: 'firing', limit: threshold, peak });
    },
  };
}
