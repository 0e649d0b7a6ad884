import type { SteadyWindow } from '../ledger/ledger-schema.ts';
import { fanBandOf } from './windows.ts';

/**
 * A steady window under load, compared with the idle card in the hours around it. The difference of two readings of one
 * sensor in one room needs no room sensor: a warm day does not look like wear.
 */
export type OperatingPoint = {
  readonly tsMs: number;
  readonly day: number;
  /** T_load − T_idle, K */
  readonly riseK: number;
  readonly loadW: number;
  readonly idleW: number;
  readonly loadFanPct: number;
  readonly idleFanPct: number;
  readonly coreC: number;
  readonly idleC: number;
};

export const DAY_MS = 86_400_000;
/** An idle window further away than this is no evidence for the room temperature. Ours. */
const NEAR_MS = 24 * 3_600_000;
/** Shares of the card's high power (95 % quantile) below which it idles and above which it is loaded. Ours. */
const [IDLE, LOADED] = [0.25, 0.4];

export const quantile = (values: readonly number[], share: number): number => {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
};
export const median = (values: readonly number[]): number => quantile(values, 0.5);

/** The windows in which the card idles, and those under load. */
export function splitByLoad(windows: readonly SteadyWindow[]): { idle: SteadyWindow[]; loaded: SteadyWindow[] } {
  const sorted = [...windows].sort((a, b) => a.tsMs - b.tsMs);
  const high = quantile(
    sorted.map(({ powerW }) => powerW),
    0.95,
  );
  return {
    idle: sorted.filter(({ powerW }) => powerW <= IDLE * high),
    loaded: sorted.filter(({ powerW }) => powerW >= LOADED * high),
  };
}

/** Operating points by time; between two idle windows with the same fan speed the air is assumed to change linearly. */
export function operatingPoints(windows: readonly SteadyWindow[]): OperatingPoint[] {
  const { idle, loaded } = splitByLoad(windows);
  let next = 0;
  return loaded.flatMap((load) => {
    while (next < idle.length && idle[next]!.tsMs < load.tsMs) next++;
    const around = [idle[next - 1], idle[next]].filter(
      (window): window is SteadyWindow => window !== undefined && Math.abs(window.tsMs - load.tsMs) <= NEAR_MS,
    );
    const [first, second] = around;
    if (!first) return [];
    const nearest = second && Math.abs(second.tsMs - load.tsMs) < Math.abs(first.tsMs - load.tsMs) ? second : first;
    const alike = around.filter(({ fanPct }) => fanBandOf(fanPct) === fanBandOf(nearest.fanPct));
    const [before, after] = [alike[0]!, alike.at(-1)!];
    const span = after.tsMs - before.tsMs;
    const share = span === 0 ? 0 : (load.tsMs - before.tsMs) / span;
    const at = (of: (window: SteadyWindow) => number): number => of(before) * (1 - share) + of(after) * share;
    const riseK = load.coreC - at(({ coreC }) => coreC);
    return [
      {
        tsMs: load.tsMs,
        day: Math.floor(load.tsMs / DAY_MS),
        riseK,
        loadW: load.powerW,
        idleW: at(({ powerW }) => powerW),
        loadFanPct: load.fanPct,
        idleFanPct: nearest.fanPct,
        coreC: load.coreC,
        idleC: load.coreC - riseK,
      },
    ];
  });
}
