import { useMemo, useSyncExternalStore } from 'react';
import type { PushOf, ResponseOf } from '../../app/contract/channels.ts';
import { stretches } from '../../app/history/segments.ts';
import type { MetricKey } from '../../app/metrics/metrics.ts';
import { valueOf } from '../../app/metrics/frame.ts';
import type { GpuIdentity, GpuProcess, MigInstance, SourceFault, SourceInfo } from '../../app/telemetry/source.ts';
import { statusOf, type Status } from '../../app/telemetry/status.ts';
import { ask, onPush } from '../bridge.ts';
import { keepEqual } from '../keep-equal.ts';
import { valueIn, withFrame, type Readings } from './readings.ts';
import { createRing, type Ring, type Strip } from './ring.ts';

/** A GPU as of the newest tick. Parts that did not change since the tick before keep their identity. */
export type LiveGpu = {
  readonly gpu: GpuIdentity;
  readonly readings: Readings;
  readonly status: Status;
  /** as of the newest tick that listed them; undefined where the source does not report them */
  readonly processes: readonly GpuProcess[] | undefined;
  readonly mig: readonly MigInstance[] | undefined;
};

export type RunningSession = ResponseOf<'sessions.newest'>[number];

export type Live = {
  readonly gpus: readonly LiveGpu[];
  readonly source: SourceInfo | undefined;
  readonly fault: SourceFault | undefined;
  /** newest first, as of the newest tick */
  readonly sessions: readonly RunningSession[];
  /** what Slowburn itself costs, as of the newest tick */
  readonly cost: PushOf<'cost'> | undefined;
  /** stamp of the newest tick, and when it was taken (performance.now) */
  readonly tsMs: number | undefined;
  readonly takenMs: number;
};

export const STRIP_MS = 5 * 60_000;
export const stripMetrics = ['coreTempC', 'powerW', 'gpuUtilPct'] as const satisfies readonly MetricKey[];
const DRAW_EVERY_MS = 250; // people cannot read numbers that change more often
const PREFILL_BUCKETS = 300;

const rings = new Map<string, Ring>();
const nothing = { gpus: [], sessions: [], source: undefined, fault: undefined, cost: undefined, tsMs: undefined };
let live: Live = { ...nothing, takenMs: 0 };
/** what is drawn: as of the last publication */
let shown = live;
const listeners = new Set<() => void>();
let cost: PushOf<'cost'> | undefined;
let sessions: readonly RunningSession[] = [];
let scheduled = false;

function publish(): void {
  scheduled = false;
  shown = live;
  for (const listener of listeners) listener();
}

function schedule(): void {
  if (scheduled) return;
  scheduled = true;
  setTimeout(publish, DRAW_EVERY_MS);
}

const sameItems = <T>(before: readonly T[], next: readonly T[]): readonly T[] =>
  before.length === next.length && before.every((item, i) => item === next[i]) ? before : next;

function withTick(tick: PushOf<'tick'>): Live {
  // another recorder may have other cards
  const same = live.source?.kind === tick.source.kind ? live.gpus : [];
  const known = new Map(same.map((one) => [one.gpu.uuid, one]));
  for (const { gpu, frame, processes, mig } of tick.gpus) {
    const before = known.get(gpu.uuid);
    const readings = withFrame(before?.readings, frame);
    const next: LiveGpu = {
      gpu,
      readings,
      status: statusOf(frame, valueIn(readings, 'tempSlowdownC')),
      processes: processes ?? before?.processes,
      mig: mig ?? before?.mig,
    };
    known.set(gpu.uuid, keepEqual(before, next));
  }
  return {
    gpus: sameItems(
      live.gpus,
      [...known.values()].sort((a, b) => a.gpu.index - b.gpu.index),
    ),
    source: keepEqual(live.source, tick.source),
    fault: keepEqual(live.fault, tick.fault),
    sessions: keepEqual(live.sessions, sessions),
    cost: keepEqual(live.cost, cost),
    tsMs: tick.tsMs,
    takenMs: performance.now(),
  };
}

/** The next tick usually comes within this time. */
const TICK_WITHIN_MS = 2_000;

/** Takes what is running. It is drawn together with the next tick, as a page is drawn once for each, if one comes soon. */
export function noteSessions(running: readonly RunningSession[]): void {
  sessions = running;
  setTimeout(() => {
    const next = keepEqual(live.sessions, sessions);
    if (next === live.sessions) return;
    live = { ...live, sessions: next };
    publish();
  }, TICK_WITHIN_MS);
}

function take(tick: PushOf<'tick'>): void {
  if (document.hidden) return; // what is missed is fetched when the window is visible again
  for (const { gpu, frame } of tick.gpus) {
    const ring = rings.get(gpu.uuid) ?? createRing(stripMetrics.length, STRIP_MS);
    rings.set(gpu.uuid, ring);
    const values = stripMetrics.map((key) => valueOf(frame, key));
    ring.push(tick.tsMs, values, tick.dtMs === undefined);
  }
  const first = live.tsMs === undefined;
  live = withTick(tick);
  if (!first) return schedule();
  publish(); // the first value is shown at once
  requestAnimationFrame(() => performance.mark('first-value'));
  void prefill();
}

/** Fills the strips from the history: at the start, and after a time in which the window was hidden. */
async function prefill(): Promise<void> {
  const toMs = live.tsMs;
  if (toMs === undefined) return;
  await Promise.all(
    [...rings].map(async ([gpuUuid, ring]) => {
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

/** Takes the newest tick that main has: at the start, and after a time in which the window was hidden. */
async function catchUp(): Promise<void> {
  const answer = await ask('live.latest');
  if (answer.ok && answer.value && answer.value.tsMs !== live.tsMs) take(answer.value);
}

/** Begins to listen. Call once, before the page is drawn. */
export function startLive(): void {
  onPush('tick', take);
  onPush('cost', (newest) => (cost = newest)); // drawn together with the next tick
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) void catchUp().then(prefill);
  });
  void catchUp();
}

/** Calls back after each publication, until the returned function is called. For what is drawn without React. */
export function onLive(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** The newest publication. */
export const liveNow = (): Live => shown;

/** The last minutes of a GPU. */
export const stripOf = (gpuUuid: string): Strip | undefined => rings.get(gpuUuid)?.read();

/** Reads a part of what is live. While the part does not change, it is the same object. */
function reader<T>(select: (live: Live) => T, isSame: (a: T, b: T) => boolean): () => T {
  let last: { readonly of: Live; readonly selected: T } | undefined;
  return () => {
    if (last?.of === shown) return last.selected;
    const selected = select(shown);
    last = { of: shown, selected: last && isSame(last.selected, selected) ? last.selected : selected };
    return last.selected;
  };
}

/**
 * A part of what is live. The component is drawn again only when that part is another one.
 * @param select keep its identity from one drawing to the next: made outside the component, or by useCallback
 */
export function useLive<T>(select: (live: Live) => T, isSame: (a: T, b: T) => boolean = Object.is): T {
  return useSyncExternalStore(
    onLive,
    useMemo(() => reader(select, isSame), [select, isSame]),
  );
}
