import { throttleColumns, type WearColumns } from '../columns.ts';
import type { SteadyWindow } from '../ledger/ledger-schema.ts';
import { createThrottleMeter } from '../../metrics/throttled.ts';
import { fitLine } from './resistance.ts';

/**
 * What counts as steady (ours, not a standard): three minutes in which the temperature moves by less than 1 °C/min, the
 * power by less than 5 % and the fan stays in one band of 5 points, without throttling by heat. Powers are compared as
 * means of 30 s, because a heat sink averages over its own time constant of about a minute: the short dips between two
 * images are no change of load.
 */
export const STEADY = { blocks: 6, blockMs: 30_000, slopeCPerMin: 1, powerSpread: 0.05, fanBandPct: 5 } as const;

type Block = { tsMs: number; ms: number; coreC: number; powerW: number; fanPct: number };

/** The band of 5 points in which a fan speed lies; −1 where there is none. */
export const fanBandOf = (pct: number): number =>
  pct >= 0 ? Math.floor(pct / STEADY.fanBandPct) * STEADY.fanBandPct : -1;

function steadyWindow(blocks: readonly Block[]): SteadyWindow | undefined {
  if (blocks.some(({ fanPct }) => fanBandOf(fanPct) !== fanBandOf(blocks[0]!.fanPct))) return undefined;
  const mean = (of: (block: Block) => number): number =>
    blocks.reduce((sum, block) => sum + of(block), 0) / blocks.length;
  const powerW = mean((block) => block.powerW);
  const spread = Math.sqrt(mean((block) => (block.powerW - powerW) ** 2));
  // an idle card wanders by a watt or two: that is no change of load
  if (spread > Math.max(2, STEADY.powerSpread * powerW)) return undefined;
  const minutes = blocks.map(({ tsMs }) => (tsMs - blocks[0]!.tsMs) / 60_000);
  const slope =
    fitLine(
      minutes,
      blocks.map(({ coreC }) => coreC),
    )?.slope ?? Infinity;
  if (Math.abs(slope) >= STEADY.slopeCPerMin) return undefined;
  return {
    tsMs: blocks[0]!.tsMs,
    durationMs: blocks.reduce((sum, { ms }) => sum + ms, 0),
    coreC: Math.round(mean((block) => block.coreC) * 100) / 100,
    powerW: Math.round(powerW * 100) / 100,
    fanPct: Math.round(mean((block) => block.fanPct) * 100) / 100,
  };
}

/** Finds steady windows in a stream of samples. They do not overlap. A gap or throttling by heat restarts the search. */
export function createSteadyDetector(onWindow: (window: SteadyWindow) => void) {
  let blocks: Block[] = [];
  let block: Block | undefined;
  let fan = Number.NaN;
  const throttle = createThrottleMeter(['heat']);

  const restart = (): void => {
    blocks = [];
    block = undefined;
  };

  function endBlock({ ms, coreC, powerW, fanPct, ...rest }: Block): void {
    blocks.push({ ...rest, ms, coreC: coreC / ms, powerW: powerW / ms, fanPct: fanPct / ms });
    block = undefined;
    if (blocks.length < STEADY.blocks) return;
    const window = steadyWindow(blocks);
    if (window) {
      onWindow(window);
      blocks = [];
    } else blocks.shift();
  }

  return {
    feed(columns: WearColumns, from = 0, to = columns.tsMs.length): void {
      for (let i = from; i < to; i++) {
        const tsMs = columns.tsMs[i]!;
        const dtMs = columns.dtMs[i]!;
        const coreC = columns.coreTempC[i]!;
        const powerW = columns.powerW[i]!;
        for (let k = 0; k < throttleColumns.length; k++) throttle.next[k] = columns[throttleColumns[k]!][i]!;
        const isHeated = throttle.step(dtMs)[0]! > 0; // false where it is not known
        if (!Number.isNaN(columns.fanPct[i]!)) fan = columns.fanPct[i]!;
        if (!(dtMs >= 0) || Number.isNaN(coreC) || Number.isNaN(powerW) || isHeated) {
          restart();
          continue;
        }
        const fanPct = fan >= 0 ? fan : -1;
        block ??= { tsMs, ms: 0, coreC: 0, powerW: 0, fanPct: 0 };
        block.ms += dtMs;
        block.coreC += coreC * dtMs;
        block.powerW += powerW * dtMs;
        block.fanPct += fanPct * dtMs;
        if (block.ms >= STEADY.blockMs) endBlock(block);
      }
    },
  };
}
