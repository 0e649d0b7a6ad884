import type { Clock } from '../core/clock.ts';
import { createClockWatch, type Between } from './clock-watch.ts';
import { createPlausibility, type Plausibility } from './plausibility.ts';
import type { GpuSample, SourceSample, TelemetrySource } from './source.ts';
import type { Gap, Tick } from './schema.ts';

export type { Gap, Tick } from './schema.ts';

/** Why nothing was observed for a while. Stored: append only. */
export const gapReasons = [
  'not-running',
  'suspended',
  'stalled',
  'restarted',
  'clock-step',
  'not-writable',
  'history-lost',
] as const;
export type GapReason = (typeof gapReasons)[number];

export type SamplerOptions = {
  readonly source: TelemetrySource;
  readonly onTick: (tick: Tick) => void;
  /** this machine's clocks, which tell a suspend from a clock that was set; left out for a recording that is played */
  readonly clock?: Pick<Clock, 'monoMs' | 'bootMs'> | undefined;
};

export type Sampler = {
  /** resolves when the loop has ended, after `stop` or at the end of a recording */
  readonly finished: Promise<void>;
  /** Ends the loop and closes the source. */
  readonly stop: () => Promise<void>;
};

/** Longer than this between two samples is unobserved: no damage, no energy, no extrapolation (docs/wear-model.md). */
export const GAP_MS = 10_000;
const DEADLINE_MS = 2_000;

/**
 * The gap between two samples, if there is one. A clock that was set back leaves no time without samples, only a moment
 * at which nothing is added up. Where a suspend and a setting come together, the longer of the two names the gap.
 */
export function gapAfter(fromMs: number, toMs: number, { awakeMs, sleptMs, setMs }: Between): Gap | undefined {
  if (Math.abs(setMs) > GAP_MS && Math.abs(setMs) >= sleptMs) {
    return { fromMs: Math.min(fromMs, toMs), toMs, reason: 'clock-step' };
  }
  if (awakeMs + sleptMs <= GAP_MS) return undefined;
  return { fromMs: Math.min(fromMs, toMs), toMs, reason: sleptMs > awakeMs ? 'suspended' : 'stalled' };
}

/**
 * The sampling loop: takes each sample of the source, says how long after the previous one it came, finds the gaps, and
 * marks what cannot be true.
 */
export function startSampler({ source, onTick, clock }: SamplerOptions): Sampler {
  let stopped = false;
  let seq = 0;
  let previousMs = 0;
  const clocks = createClockWatch(clock);
  const plausibilities = new Map<string, Plausibility>();

  function judge({ gpu, frame }: GpuSample, monoMs: number): void {
    let plausibility = plausibilities.get(gpu.uuid);
    if (!plausibility) {
      plausibility = createPlausibility();
      plausibilities.set(gpu.uuid, plausibility);
    }
    plausibility.check(frame, monoMs);
  }

  function take(sample: SourceSample): void {
    // to whole milliseconds, both clocks: so that memory, disk and exports agree to the bit, and sums do not drift
    const [tsMs, monoMs] = [Math.round(sample.tsMs), Math.round(sample.monoMs)];
    const between = clocks.next({ tsMs, monoMs });
    const gap = between && gapAfter(previousMs, tsMs, between);
    const dtMs = gap ? undefined : between?.awakeMs;
    const axisMs = monoMs + clocks.sleptMs();
    previousMs = tsMs;
    const { gpus, fault, events, tookMs } = sample;
    for (const gpu of gpus) judge(gpu, monoMs);
    onTick({ seq: ++seq, tsMs, dtMs, axisMs, gap, gpus, source: source.info(), fault, events, readMs: tookMs });
  }

  async function loop(): Promise<void> {
    for (;;) {
      const sample = await source.read(DEADLINE_MS);
      if (stopped) return;
      take(sample);
      if (sample.ended) return;
    }
  }

  const finished = loop();
  return {
    finished,
    async stop() {
      stopped = true;
      await source.close();
      await finished;
    },
  };
}
