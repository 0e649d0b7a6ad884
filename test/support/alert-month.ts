import { rulesOn, type AlertSettings } from '../../app/alerts/settings.ts';
import type { AlertName, StoredAlert } from '../../app/alerts/schema.ts';
import { createRecording, type Recording, type RecordingOptions } from '../../app/recorder/tick-pipeline.node.ts';
import type { Absence } from '../../app/core/reading.ts';
import type { MetricKey } from '../../app/metrics/metrics.ts';
import type { GapReason, Tick } from '../../app/telemetry/sampler.ts';
import type { GpuEvent, GpuSample } from '../../app/telemetry/source.ts';
import { frameWith, testGpu, tickWith } from './frames.ts';
import { openStore } from './store.ts';

export type Readings = Partial<Record<MetricKey, number | Absence>>;
const LIVE = { kind: 'nvml', label: 'Test', simulated: false } as const;
/** Alerts are about readings here: nothing else takes ticks. */
const idle = {
  wear: { feed: () => undefined },
  watch: { feed: () => undefined },
  governor: { feed: () => undefined },
  meter: { tick: () => undefined },
};
/** What the recorder knows apart from ticks. */
export type Surroundings = Partial<Pick<RecordingOptions, 'slowFacts' | 'diskFreeMib' | 'paused' | 'live'>>;

/** What happened to alerts at a tick. */
export type Heard = { readonly told: readonly StoredAlert[]; readonly cleared: readonly StoredAlert[] };

/**
 * Plays ticks through the real pipeline into a real history: gaps, steps of the clock and restarts of the recorder among
 * them. Ticks are `intervalMs` apart on the monotonic clock.
 */
export function playMonth(
  startMs: number,
  alertSettings: AlertSettings,
  intervalMs = 5000,
  surroundings: Surroundings = {},
) {
  const { store, file } = openStore();
  let tsMs = startMs;
  let monoMs = 0;
  let next: Partial<Tick> = {};
  let heard: Heard = { told: [], cleared: [] };
  let restarted = true;

  const begin = (reason: GapReason): Recording =>
    createRecording({
      ...idle,
      slowFacts: { card: () => ({}), today: () => ({}) },
      diskFreeMib: () => undefined,
      paused: () => undefined,
      live: false,
      ...surroundings,
      store,
      databaseFile: file,
      alertSettings,
      events: {
        onTick: () => undefined,
        onAlerts: (_, told, cleared) =>
          (heard = { told: [...heard.told, ...told], cleared: [...heard.cleared, ...cleared] }),
      },
      resumed: { reason },
      intervalMs: () => intervalMs,
      nowMs: tsMs,
    });
  let recording = begin('not-running');

  function take(gpus: readonly GpuSample[], events: readonly GpuEvent[] = []) {
    const dtMs = restarted || next.gap ? undefined : intervalMs;
    [tsMs, monoMs] = [tsMs + intervalMs, monoMs + intervalMs];
    heard = { told: [], cleared: [] };
    const gap = next.gap && { ...next.gap, toMs: tsMs };
    recording.take({ ...tickWith(tsMs, dtMs, []), gpus, source: LIVE, events, ...(gap && { gap }) });
    [next, restarted] = [{}, false];
    return { ...heard, dtMs };
  }

  return {
    store,
    rules: rulesOn(alertSettings),
    now: () => ({ tsMs, monoMs }),
    firing: (): readonly StoredAlert[] => recording.firing(),
    /** Takes the next tick. `dtMs` is undefined after a gap or a restart. */
    take,
    /** The same from readings of the first cards. */
    tick: (readings: readonly Readings[], events: readonly GpuEvent[] = []) =>
      take(
        readings.map((one, index) => ({ gpu: testGpu(index), frame: frameWith(one) })),
        events,
      ),
    /** Time without samples, while the recorder runs. */
    pause(ms: number, reason: GapReason = 'suspended'): void {
      next = { gap: { fromMs: tsMs, toMs: tsMs, reason } };
      tsMs += ms;
    },
    /** The clock is set by so little that no gap comes of it. */
    nudge: (ms: number): void => void (tsMs += ms),
    restart(downMs: number, reason: GapReason = 'not-running'): void {
      recording.end();
      tsMs += downMs;
      [next, restarted] = [{}, true];
      recording = begin(reason);
    },
    acknowledge: (name: AlertName): boolean => recording.act({ ...name, kind: 'acknowledged' }),
    snooze: (name: AlertName, ms: number): boolean => recording.act({ ...name, kind: 'snoozed', untilMs: tsMs + ms }),
    /** Seals what is over, as the recorder does between ticks. */
    tidy: (): void => {
      while (store.tidy(tsMs));
    },
  };
}

export const monthGpu = (card: number): string => testGpu(card).uuid;
