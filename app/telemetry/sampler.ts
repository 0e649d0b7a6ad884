import { createPlausibility, type Plausibility } from './plausibility.ts';
import type { GpuEvent, GpuSample, SourceFault, SourceInfo, SourceSample, TelemetrySource } from './source.ts';

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
  /** what the driver reported since the previous tick */
  readonly events?: readonly GpuEvent[];
  /** how long the source took to answer, ms */
  readonly readMs: number;
};

export type SamplerOptions = { readonly source: TelemetrySource; readonly onTick: (tick: Tick) => void };

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
 * The sampling loop: takes each sample of the source, says how long after the previous one it came, finds the gaps, and
 * marks what cannot be true.
 */
export function startSampler({ source, onTick }: SamplerOptions): Sampler {
  let stopped = false;
  let seq = 0;
  let previous: { tsMs: number; monoMs: number } | undefined;
  const plausibilities = new Map<string, Plausibility>();

  function judge({ gpu, frame }: GpuSample, monoMs: number): void {
    let plausibility = plausibilities.get(gpu.uuid);
    if (!plausibility) {
      plausibility = createPlausibility();
      plausibilities.set(gpu.uuid, plausibility);
    }
    plausibility.check(frame, monoMs);
  }

  function gapBefore({ tsMs, monoMs }: SourceSample): Gap | undefined {
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

  function take(sample: SourceSample): void {
    const gap = gapBefore(sample);
    const dtMs = previous && !gap ? sample.monoMs - previous.monoMs : undefined;
    previous = sample;
    const { tsMs, gpus, fault, events, tookMs } = sample;
    for (const gpu of gpus) judge(gpu, sample.monoMs);
    onTick({ seq: ++seq, tsMs, dtMs, gap, gpus, source: source.info(), fault, events, readMs: tookMs });
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
