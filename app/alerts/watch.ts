import type { Tick } from '../telemetry/sampler.ts';
import type { GpuIdentity } from '../telemetry/source.ts';
import { createAlertEngine, type AlertChange } from './engine.ts';
import type { AlertEntry } from './episode.ts';
import { createFactReader, type Around } from './fact-reader.ts';
import type { AlertRule } from './rules.ts';
import type { StoredAlert } from './schema.ts';

const HOUR_MS = 3_600_000;

export type AlertWatch = {
  /** What fired and cleared at a tick. */
  readonly take: (tick: Tick, around: Around) => AlertEntry[];
  readonly setRules: (rules: readonly AlertRule[]) => void;
};

function entryOf({ kind, gpuUuid, gpuName, rule, value, threshold, peak }: AlertChange, tick: Tick): AlertEntry {
  const about = { gpuUuid, rule: rule.id, tsMs: tick.tsMs };
  if (kind === 'cleared') return { ...about, kind, peak };
  const gpuIndex = tick.gpus.find(({ gpu }) => gpu.uuid === gpuUuid)?.gpu.index ?? null;
  return { ...about, kind, gpuName, gpuIndex, severity: rule.severity, value, threshold, peak };
}

export type KnownCard = Pick<GpuIdentity, 'uuid' | 'name'>;

/** What a start of the recorder needs to know of an alert that fired before it. */
export type PastAlert = Pick<StoredAlert, 'gpuUuid' | 'gpuName' | 'rule' | 'peak' | 'firedMs'>;

/**
 * Judges ticks by rules. Live ticks and a preview of the past take this same way.
 * @param open alerts that were firing when the recorder ended
 * @param recent alerts of the last hour: one that keeps coming back clears later
 * @param cards that were there when the recorder ended: one that is not there now is missing
 */
export function createAlertWatch(
  rules: readonly AlertRule[],
  open: readonly PastAlert[] = [],
  recent: readonly PastAlert[] = [],
  nowMs = 0,
  cards: readonly KnownCard[] = [],
): AlertWatch {
  const reader = createFactReader();
  for (const { uuid, name } of cards) reader.know(uuid, name);
  const engine = createAlertEngine(rules);
  for (const { gpuUuid, gpuName, rule, peak } of open) {
    engine.resume(gpuUuid, rule, peak);
    if (gpuUuid !== null) reader.know(gpuUuid, gpuName);
  }
  for (const { gpuUuid, rule, firedMs } of recent)
    if (firedMs <= nowMs && nowMs - firedMs < HOUR_MS) engine.remember(gpuUuid, rule, nowMs - firedMs);

  return {
    take(tick, around) {
      const { subjects, axisMs } = reader.take(tick, around);
      return engine.judge(subjects, axisMs, tick.dtMs === undefined).map((change) => entryOf(change, tick));
    },
    setRules: engine.setRules,
  };
}
