import { useEffect, useRef, useState } from 'react';
import type { ResponseOf } from '../../app/contract/channels.ts';
import type { MetricKey } from '../../app/metrics/metrics.ts';
import type { Result } from '../../app/core/result.ts';
import { ask } from '../bridge.ts';
import type { View } from '../charts/view.ts';
import { keepEqual } from '../keep-equal.ts';
import { liveNow, onLive } from '../live/store.ts';
import type { ViewControl } from './use-view.ts';

/** About the pixels of a chart in a window of the usual size. */
const SLICES = 800;
/** Time fetched at each side of what is shown, in views: moving shows it at once, and the rest follows. */
const MARGIN = 0.5;
/** … and no less than this, so that a view between two samples is not empty. */
export const LEAST_MARGIN_MS = 30_000;
/** Sums are kept by the minute: over shorter views they would say too much. */
const TOTALS_MS = 5 * 60_000;
const SETTLE_MS = 90;
const RETRY_MS = 1_000;
const STEP_MS = 2_000; // the shortest in which a view that follows moves on

export type History = {
  /** what was fetched; undefined: nothing yet, or the view is too short for it */
  readonly range: ResponseOf<'history.range'> | undefined;
  readonly marks: ResponseOf<'history.marks'> | undefined;
  readonly totals: ResponseOf<'history.totals'> | undefined;
};

const valueOf = <T>(answer: Result<T> | undefined): T | undefined => (answer?.ok ? answer.value : undefined);

async function fetchHistory(gpuUuid: string, metrics: readonly MetricKey[], view: View): Promise<History> {
  const { fromMs, toMs } = view;
  const margin = Math.max(LEAST_MARGIN_MS, (toMs - fromMs) * MARGIN);
  const wide = { fromMs: fromMs - margin, toMs: toMs + margin };
  const [range, marks, totals] = await Promise.all([
    metrics.length === 0
      ? undefined
      : ask('history.range', { gpuUuid, metrics: [...metrics], ...wide, buckets: SLICES * (1 + 2 * MARGIN) }),
    ask('history.marks', wide),
    toMs - fromMs < TOTALS_MS ? undefined : ask('history.totals', { gpuUuid, fromMs, toMs }),
  ]);
  return { range: valueOf(range), marks: valueOf(marks), totals: valueOf(totals) };
}

/** The end of a view that follows the newest reading. Each step moves a chart by about a pixel. */
function endOf(spanMs: number): number {
  const { tsMs = Date.now() } = liveNow(); // without a source there may still be a history
  const stepMs = Math.max(STEP_MS, spanMs / SLICES);
  return Math.ceil(tsMs / stepMs) * stepMs;
}

/**
 * Fetches what a page of history shows of its view. A view that a person moves is asked for when it has rested. One that
 * follows moves on when what belongs to it has come: both are drawn at once, and nothing is drawn in between.
 */
export function useHistory(
  gpuUuid: string | undefined,
  metrics: readonly MetricKey[],
  { view, followedMs, moveOn }: ViewControl,
): History & { /** what was fetched is still of the view before */ readonly moving: boolean } {
  const [state, setState] = useState<{ readonly history: History; readonly of: View | undefined }>({
    history: { range: undefined, marks: undefined, totals: undefined },
    of: undefined,
  });
  const newest = useRef(state.history);
  const still = followedMs === undefined ? view : undefined;

  useEffect(() => {
    if (gpuUuid === undefined) return;
    let current = true;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let askedMs: number | undefined;
    const put = async (of: View): Promise<void> => {
      const next = await fetchHistory(gpuUuid, metrics, of);
      if (!current) return;
      // without an answer, for instance while the recorder restarts, the page keeps what it shows
      if (next.marks === undefined) timer = setTimeout(() => void put(of), RETRY_MS);
      newest.current = keepEqual(newest.current, next.marks ? next : { ...newest.current });
      setState({ history: newest.current, of });
      if (followedMs !== undefined) moveOn(of.toMs);
    };
    const follow = (): void => {
      if (followedMs === undefined) return;
      const endMs = endOf(followedMs);
      if (endMs === askedMs) return;
      askedMs = endMs;
      clearTimeout(timer);
      void put({ fromMs: endMs - followedMs, toMs: endMs });
    };
    if (still) timer = setTimeout(() => void put(still), SETTLE_MS);
    else follow();
    const stop = onLive(follow);
    return () => {
      current = false;
      clearTimeout(timer);
      stop();
    };
  }, [gpuUuid, metrics, still, followedMs, moveOn]);

  return { ...state.history, moving: still !== undefined && state.of !== still };
}
