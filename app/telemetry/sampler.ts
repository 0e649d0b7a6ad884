import type { Clock } from '../clock.ts';
import type { Cadence } from '../metrics.ts';
import type { GpuSample, SourceFault, SourceInfo, TelemetrySource } from './source.ts';

/** Why nothing was observed for a while. Stored: append only. */
export const gapReasons = ['not-running', 'suspended', 'stalled', 'restarted', 'clock-step'] as const;
export type GapReason = (typeof gapReasons)[number];

/** A stretch of time without samples. Nothing is integrated across it. */
export type Gap = { readonly fromMs: number; readonly toMs: number; readonly reason: GapReason };

/** One moment of all GPUs, as it travels from the sampler through history, wear and alerts to the window. */
export type Tick = {
  /** counts from 1 within one run of the collector */
  readonly seq: number;
  /** wall clock, ms since 1970 */
  readonly tsMs: number;
  /** time since the previous tick by the monotonic clock, ms; undefined after a gap and at the start */
  readonly dtMs: number | undefined;
  /** the gap that this tick ends */
  readonly gap?: Gap;
  readonly gpus: readonly GpuSample[];
  readonly source: SourceInfo;
  readonly fault?: SourceFault;
  /** how long the source took to answer, ms */
  readonly readMs: number;
};

export type SamplerOptions = {
  readonly source: TelemetrySource;
  readonly clock: Clock;
  readonly intervalMs: number;
  readonly onTick: (tick: Tick) => void;
};

export type Sampler = {
  readonly setInterval: (intervalMs: number) => void;
  /** resolves when the loop has ended, after `stop` or at the end of a recording */
  readonly finished: Promise<void>;
  readonly stop: () => Promise<void>;
};

/** Longer than this between two samples is unobserved: no damage, no energy, no extrapolation (docs/wear-model.md). */
export const GAP_MS = 10_000;
const SLOW_EVERY_MS = 5_000;
const MIN_DEADLINE_MS = 2_000;

/**
 * The sampling loop: on a fixed grid of the monotonic clock (a late tick does not shift the next ones, a missed one is
 * left out), or at the pace of a source that has its own. Reads the slow cadence every few seconds.
 */
export function startSampler({ source, clock, intervalMs, onTick }: SamplerOptions): Sampler {
  const abort = new AbortController();
  let interval = intervalMs;
  let seq = 0;
  let previous: { tsMs: number; monoMs: number } | undefined;
  let slowDueMs = -Infinity;

  function gapBefore(tsMs: number, monoMs: number): Gap | undefined {
    if (!previous) return undefined;
    const wall = tsMs - previous.tsMs;
    const mono = monoMs - previous.monoMs;
    if (Math.abs(wall - mono) > GAP_MS) {
      // the monotonic clock stands still in suspend; a jump without that is the wall clock being set
      const reason = wall > mono && wall > GAP_MS ? 'suspended' : 'clock-step';
      return { fromMs: previous.tsMs, toMs: tsMs, reason };
    }
    return mono > GAP_MS ? { fromMs: previous.tsMs, toMs: tsMs, reason: 'stalled' } : undefined;
  }

  async function tickOnce(): Promise<boolean> {
    const startedMs = clock.monoMs();
    const slow = startedMs >= slowDueMs;
    if (slow) slowDueMs = startedMs + SLOW_EVERY_MS;
    const cadences: readonly Cadence[] = slow ? ['tick', 'slow'] : ['tick'];
    const sample = await source.read(cadences, Math.max(MIN_DEADLINE_MS, interval * 2));
    if (abort.signal.aborted) return false;
    const gap = gapBefore(sample.tsMs, sample.monoMs);
    const dtMs = previous && !gap ? sample.monoMs - previous.monoMs : undefined;
    previous = { tsMs: sample.tsMs, monoMs: sample.monoMs };
    onTick({
      seq: ++seq,
      tsMs: sample.tsMs,
      dtMs,
      ...(gap ? { gap } : {}),
      gpus: sample.gpus,
      source: source.info(),
      ...(sample.fault ? { fault: sample.fault } : {}),
      readMs: clock.monoMs() - startedMs,
    });
    return !sample.ended;
  }

  async function loop(): Promise<void> {
    let dueMs = clock.monoMs();
    while (!abort.signal.aborted) {
      if (!(await tickOnce())) return;
      if (source.pace === 'source') continue;
      const now = clock.monoMs();
      dueMs += interval;
      if (dueMs < now) dueMs = now + interval - ((now - dueMs) % interval); // missed: back onto the grid
      await clock.sleep(dueMs - now, abort.signal);
    }
  }

  const finished = loop();
  return {
    setInterval(next) {
      interval = next;
    },
    finished,
    async stop() {
      abort.abort();
      await finished;
    },
  };
}
