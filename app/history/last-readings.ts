import type { TypeOf } from '../core/schema.ts';
import { z } from '../core/zod.ts';
import { valueOf, type Frame } from '../metrics/frame.ts';

/** What is kept of a card's last minute, in the units of the catalogue. */
export const lastKeys = [
  'powerW',
  'coreTempC',
  'memTempC',
  'graphicsClockMhz',
  'memClockMhz',
  'gpuUtilPct',
  'powerLimitW',
] as const;

export const lastReadings = z.object({
  /** the newest sample with a value, ms since 1970 */
  atMs: z.number(),
  /** the newest value of each; absent if there was none in the minute before `atMs` */
  values: z.partialRecord(z.enum(lastKeys), z.number()),
  /** W, the highest reading of the minute before `atMs` */
  peakW: z.number().optional(),
  /** the card was working at `atMs` */
  loaded: z.boolean(),
});
export type LastReadings = TypeOf<typeof lastReadings>;

const LAST_MS = 60_000;
/** Below this a card draws a desktop or waits; a generation is far above. */
const LOADED_PCT = 15;
/** For a card that does not report its utilisation: no card idles above this share of its power limit. */
const LOADED_SHARE = 0.5;

type Values = {
  readonly gpuUtilPct?: number | undefined;
  readonly powerW?: number | undefined;
  readonly powerLimitW?: number | undefined;
};

/** Whether a card works: by its utilisation, else by its power. */
function isLoaded({ gpuUtilPct, powerW, powerLimitW }: Values): boolean {
  if (gpuUtilPct !== undefined) return gpuUtilPct >= LOADED_PCT;
  return powerW !== undefined && powerLimitW !== undefined && powerW >= LOADED_SHARE * powerLimitW;
}

export const isWorking = (frame: Frame): boolean =>
  isLoaded({
    gpuUtilPct: valueOf(frame, 'gpuUtilPct'),
    powerW: valueOf(frame, 'powerW'),
    powerLimitW: valueOf(frame, 'powerLimitW'),
  });

/** Keeps the last minute of one card. A frame without any of the values changes nothing: the card is not readable. */
export function createLastReadings() {
  const newest = new Map<(typeof lastKeys)[number], { tsMs: number; value: number }>();
  const powers: { readonly tsMs: number; readonly value: number }[] = [];
  let atMs: number | undefined;

  return {
    note(tsMs: number, frame: Frame): void {
      for (const key of lastKeys) {
        const value = valueOf(frame, key);
        if (value === undefined) continue;
        atMs = tsMs;
        const known = newest.get(key);
        if (known) [known.tsMs, known.value] = [tsMs, value];
        else newest.set(key, { tsMs, value });
        if (key === 'powerW') powers.push({ tsMs, value });
      }
      while (powers.length > 1 && powers[0]!.tsMs < tsMs - LAST_MS) powers.shift();
    },
    /** whether the card has reported any value */
    any: (): boolean => atMs !== undefined,
    /** undefined: the card has not reported any value */
    result(): LastReadings | undefined {
      if (atMs === undefined) return undefined;
      const isRecent = ({ tsMs }: { readonly tsMs: number }): boolean => tsMs >= atMs! - LAST_MS && tsMs <= atMs!;
      const values = Object.fromEntries(
        [...newest].filter(([, reading]) => isRecent(reading)).map(([key, { value }]) => [key, value]),
      ) as LastReadings['values'];
      const peaks = powers.filter(isRecent).map(({ value }) => value);
      return { atMs, values, loaded: isLoaded(values), ...(peaks.length > 0 && { peakW: Math.max(...peaks) }) };
    },
  };
}
