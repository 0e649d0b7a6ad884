import { text } from '../core/i18n.ts';
import { GAP_MS, type Gap, type Tick } from './sampler.ts';
import type { SourceFault } from './source.ts';

/**
 * No sample is older than the first release of Slowburn. A machine without a battery for its clock starts in 1970, or at
 * the date of its firmware, until a time server corrects it.
 */
export const EARLIEST_MS = Date.UTC(2024, 0, 1);
/** A clock further behind the newest sample than this is doubted: time zones and daylight saving never move it. */
const DOUBT_MS = 86_400_000;
/** A doubted clock is accepted after this time: the newest sample may be the one with the wrong stamp. */
const PATIENCE_MS = 600_000;
/** Frames that wait at most, over all GPUs: about 2 KiB each. */
const MOST_FRAMES = 6_000;

type Verdict = 'believable' | 'doubtful' | 'impossible';

export type Taken = {
  /** ticks to write now, in order, with corrected stamps */
  readonly ready: readonly Tick[];
  /** why the tick waits; absent if it is the last of `ready` */
  readonly waiting?: SourceFault;
};

export type ClockHold = {
  readonly take: (tick: Tick) => Taken;
  /** The wall-clock stamp of a moment on the axis of ticks, by the clock at the newest ready tick. */
  readonly stampOf: (axisMs: number) => number;
  /** At shutdown: ticks that wait for a doubted clock are released with its stamps; ticks without a possible stamp are counted. */
  readonly end: () => { readonly ready: readonly Tick[]; readonly lost: number };
};

const axisOf = ({ axisMs, tsMs }: Tick): number => axisMs ?? tsMs;

/** The gap that a tick ends, with corrected stamps; undefined if only the clock was set and no time is missing. */
function correctedGap(before: Tick, tick: Tick): Gap | undefined {
  if (!tick.gap) return undefined;
  const { reason } = tick.gap;
  const passedMs = axisOf(tick) - axisOf(before);
  const setMs = tick.tsMs - before.tsMs - passedMs;
  if (reason === 'clock-step' && Math.abs(setMs) <= GAP_MS && passedMs <= GAP_MS) return undefined;
  return { fromMs: Math.min(before.tsMs, tick.tsMs), toMs: tick.tsMs, reason };
}

function corrected(before: Tick | undefined, tick: Tick, tsMs: number): Tick {
  const shiftMs = tsMs - tick.tsMs;
  const events = tick.events?.map((event) => ({ ...event, tsMs: event.tsMs + shiftMs }));
  const stamped: Tick = { ...tick, tsMs, ...(events && { events }) };
  if (!tick.gap) return stamped;
  if (!before) return { ...stamped, gap: undefined };
  const gap = correctedGap(before, stamped);
  return { ...stamped, gap, dtMs: gap ? tick.dtMs : axisOf(tick) - axisOf(before) };
}

const readable = (tsMs: number): string =>
  new Date(tsMs)
    .toISOString()
    .replace('T', ' ')
    .replace(/:\d\d\..*/, ' UTC');

function faultOf(verdict: Verdict, tsMs: number, dropped: boolean): SourceFault {
  const time = readable(tsMs);
  const impossible = verdict === 'impossible';
  if (dropped) {
    return {
      code: 'recording-failed',
      message: text(impossible ? 'telemetry.clock.pausedImpossible' : 'telemetry.clock.pausedDoubtful', { time }),
      next: text('telemetry.clock.pausedNext'),
    };
  }
  return {
    code: 'clock-not-plausible',
    level: 'warn',
    message: text(impossible ? 'telemetry.clock.impossible' : 'telemetry.clock.doubtful', { time }),
    next: impossible
      ? text('telemetry.clock.impossibleNext')
      : text('telemetry.clock.doubtfulNext', { minutes: PATIENCE_MS / 60_000 }),
  };
}

/**
 * Keeps ticks whose stamp cannot be right in bounded memory until the clock is corrected. They then get the stamps they
 * should have had: the time between them is known, because the monotonic and the boot clock are never set.
 * @param newestMs end of the history so far, ms since 1970
 */
export function createClockHold(newestMs: number | undefined): ClockHold {
  let referenceMs = newestMs;
  let last: Tick | undefined; // the newest one ready
  let held: Tick[] = [];
  let frames = 0;
  let dropped = 0;
  let doubtedSinceMs: number | undefined;

  function judge({ tsMs }: Tick): Verdict {
    if (!(tsMs >= EARLIEST_MS)) return 'impossible';
    return referenceMs !== undefined && tsMs < referenceMs - DOUBT_MS ? 'doubtful' : 'believable';
  }

  function release(now: Tick): readonly Tick[] {
    const ready: Tick[] = [];
    for (const tick of held) ready.push(corrected(ready.at(-1) ?? last, tick, now.tsMs - (axisOf(now) - axisOf(tick))));
    // if nothing waited, the tick is exactly as the sampler made it
    ready.push(held.length === 0 ? now : corrected(ready.at(-1), now, now.tsMs));
    held = [];
    [frames, dropped, doubtedSinceMs] = [0, 0, undefined];
    last = now;
    referenceMs = now.tsMs;
    return ready;
  }

  function keep(tick: Tick): void {
    held.push(tick);
    frames += tick.gpus.length;
    while (frames > MOST_FRAMES && held.length > 1) {
      frames -= held.shift()!.gpus.length;
      dropped++;
      const [first] = held;
      held[0] = { ...first!, dtMs: undefined, gap: { fromMs: first!.tsMs, toMs: first!.tsMs, reason: 'clock-step' } };
    }
  }

  return {
    take(tick) {
      const verdict = judge(tick);
      if (verdict === 'believable') return { ready: release(tick) };
      doubtedSinceMs = verdict === 'doubtful' ? (doubtedSinceMs ?? axisOf(tick)) : undefined;
      if (doubtedSinceMs !== undefined && axisOf(tick) - doubtedSinceMs >= PATIENCE_MS) return { ready: release(tick) };
      keep(tick);
      return { ready: [], waiting: faultOf(verdict, tick.tsMs, dropped > 0) };
    },
    stampOf: (axisMs) => (last ? last.tsMs - (axisOf(last) - axisMs) : axisMs),
    end() {
      const now = held.at(-1);
      if (!now) return { ready: [], lost: 0 };
      if (judge(now) === 'impossible') return { ready: [], lost: held.length };
      held.pop();
      return { ready: release(now), lost: 0 };
    },
  };
}
