import { useSyncExternalStore } from 'react';
import type { PushOf } from '../../app/contract/channels.ts';
import { stretches } from '../../app/history/segments.ts';
import { metrics, type MetricKey } from '../../app/metrics.ts';
import { readingOf, valueOf, type Frame, type Reading } from '../../app/reading.ts';
import type { GpuIdentity, GpuProcess, MigInstance, SourceFault, SourceInfo } from '../../app/telemetry/source.ts';
import { statusOf, type Status } from '../../app/telemetry/status.ts';
import { ask, onPush } from '../bridge.ts';
import { createRing, type Ring, type Strip } from './ring.ts';

/** A reading and when it was taken: readings of the slow cadence are older than the tick they are shown with. */
export type Latest = {
  readonly reading: Reading;
  readonly tsMs: number;
  /** which of the source's names for it answered */
  readonly via: number;
};

export type LiveGpu = {
  readonly gpu: GpuIdentity;
  readonly latest: (key: MetricKey) => Latest | undefined;
  readonly value: (key: MetricKey) => number | undefined;
  readonly status: Status;
  /** as of the newest tick that listed them; undefined where the source does not tell */
  readonly processes: readonly GpuProcess[] | undefined;
  readonly mig: readonly MigInstance[] | undefined;
  readonly strip: () => Strip;
};

export type Live = {
  readonly gpus: readonly LiveGpu[];
  readonly source: SourceInfo | undefined;
  readonly fault: SourceFault | undefined;
  /** stamp of the newest tick, and when it arrived here (performance.now) */
  readonly tsMs: number | undefined;
  readonly arrivedMs: number;
};

type Entry = {
  gpu: GpuIdentity;
  readonly latest: Map<MetricKey, Latest>;
  readonly ring: Ring;
  frame: Frame;
  processes?: readonly GpuProcess[];
  mig?: readonly MigInstance[];
};

export const STRIP_MS = 5 * 60_000;
export const stripMetrics = ['coreTempC', 'powerW', 'gpuUtilPct'] as const satisfies readonly MetricKey[];
const DRAW_EVERY_MS = 250; // nobody reads numbers that change more often
const PREFILL_BUCKETS = 300;

const entries = new Map<string, Entry>();
let live: Live = { gpus: [], source: undefined, fault: undefined, tsMs: undefined, arrivedMs: 0 };
const listeners = new Set<() => void>();
let scheduled = false;

const liveGpu = ({ gpu, latest, ring, frame, processes, mig }: Entry): LiveGpu => {
  const value = (key: MetricKey): number | undefined => {
    const reading = latest.get(key)?.reading;
    return reading?.state === 'value' ? reading.value : undefined;
  };
  return {
    gpu,
    value,
    latest: (key) => latest.get(key),
    status: statusOf(frame, value('tempSlowdownC')),
    processes,
    mig,
    strip: ring.read,
  };
};

function publish(): void {
  scheduled = false;
  const gpus = [...entries.values()].sort((a, b) => a.gpu.index - b.gpu.index).map(liveGpu);
  live = { ...live, gpus };
  for (const listener of listeners) listener();
}

function schedule(): void {
  if (scheduled || document.hidden) return; // nobody looks: nothing is drawn, and what was missed is fetched later
  scheduled = true;
  setTimeout(publish, entries.size === 0 ? 0 : DRAW_EVERY_MS);
}

function take(tick: PushOf<'tick'>): void {
  const first = live.tsMs === undefined;
  for (const { gpu, frame, processes, mig } of tick.gpus) {
    let entry = entries.get(gpu.uuid);
    if (!entry) {
      entry = { gpu, latest: new Map(), ring: createRing(stripMetrics.length, STRIP_MS), frame };
      entries.set(gpu.uuid, entry);
    }
    entry.gpu = gpu;
    entry.frame = frame;
    entry.processes = processes ?? entry.processes;
    entry.mig = mig ?? entry.mig;
    metrics.forEach(({ key }, i) => {
      const reading = readingOf(frame, key);
      if (reading.state === 'unread' && entry.latest.has(key)) return;
      entry.latest.set(key, { reading, tsMs: tick.tsMs, via: frame.via[i]! });
    });
    entry.ring.push(
      tick.tsMs,
      stripMetrics.map((key) => valueOf(frame, key)),
      tick.dtMs === undefined,
    );
  }
  live = { ...live, source: tick.source, fault: tick.fault, tsMs: tick.tsMs, arrivedMs: performance.now() };
  if (first) {
    publish(); // the first value is shown at once
    requestAnimationFrame(() => performance.mark('first-value'));
    void prefill();
  } else schedule();
}

/** Fills the strips from the history: at the start, and after a time in which nobody looked. */
async function prefill(): Promise<void> {
  const toMs = live.tsMs;
  if (toMs === undefined) return;
  await Promise.all(
    [...entries].map(async ([gpuUuid, { ring }]) => {
      const fromMs = toMs - STRIP_MS;
      const answer = await ask('history.range', {
        gpuUuid,
        metrics: [...stripMetrics],
        fromMs,
        toMs: toMs + 1,
        buckets: PREFILL_BUCKETS,
      });
      if (!answer.ok) return;
      const { fromMs: startMs, stepMs, series, counts } = answer.value;
      const observed = stretches(
        counts.map((count) => (count > 0 ? count : Number.NaN)),
        stepMs,
      );
      ring.replace(
        observed.map((run) => ({
          times: run.map((i) => startMs + (i + 0.5) * stepMs),
          columns: stripMetrics.map((key) => run.map((i) => series[key]!.mean[i]!)),
        })),
      );
    }),
  );
  publish();
}

/** Begins to listen. Call once, before the page is drawn. */
export function startLive(): void {
  onPush('tick', take);
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) {
      publish();
      void prefill();
    }
  });
  void ask('live.latest').then((answer) => {
    if (answer.ok && answer.value && live.tsMs === undefined) take(answer.value);
  });
}

export const useLive = (): Live =>
  useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => live,
  );
