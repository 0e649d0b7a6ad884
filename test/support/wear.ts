import fc from 'fast-check';
import { createColumns, type WearColumns, type WearReading } from '../../app/wear/columns.ts';
import type { MeterState } from '../../app/wear/meter-state.ts';
import { createMeter, type HourCell } from '../../app/wear/meter.ts';
import { emptyTally, addTally, type Tally } from '../../app/wear/tally.ts';

/** A sample as a test writes it: what is not named was not read. */
export type WearSample = { readonly tsMs: number; readonly dtMs?: number } & { readonly [Key in WearReading]?: number };

export function columnsWith(samples: readonly WearSample[]): WearColumns {
  const columns = createColumns(samples.length);
  samples.forEach(({ tsMs, ...readings }, i) => {
    columns.tsMs[i] = tsMs;
    for (const [key, value] of Object.entries(readings)) {
      if (value !== undefined) columns[key as WearReading | 'dtMs'][i] = value;
    }
  });
  return columns;
}

export type Fed = { readonly cells: HourCell[]; readonly state: MeterState; readonly tally: Tally };

/** Feeds samples to a meter, which may go on from an earlier one. */
export function feed(samples: readonly WearSample[], before?: Pick<Fed, 'cells' | 'state'>): Fed {
  const cells = [...(before?.cells ?? [])];
  const meter = createMeter((cell) => cells.push(cell), before?.state);
  meter.feed(columnsWith(samples));
  const tally = emptyTally();
  for (const cell of cells) addTally(tally, cell.tally);
  const current = meter.current();
  if (current) addTally(tally, current.tally);
  addTally(tally, meter.openSwings());
  return { cells, state: meter.save(), tally };
}

export const START = Date.UTC(2026, 2, 1);
export const SECOND = 1000;
export const MINUTE = 60_000;
export const HOUR = 3_600_000;

export type Step = Omit<WearSample, 'tsMs'> & { readonly gapMs?: number };

/** Samples in a row: `dtMs` after the one before, or `gapMs` after a gap. */
export function row(...steps: readonly Step[]): WearSample[] {
  let tsMs = START;
  return steps.map(({ gapMs, ...readings }) => {
    tsMs += readings.dtMs ?? gapMs ?? 0;
    return { tsMs, ...readings };
  });
}

export const tallyOf = (...steps: readonly Step[]) => feed(row(...steps)).tally;
/** How many swings there are in all bins. */
export const total = (cycles: Readonly<Record<string, number>>): number =>
  Object.values(cycles).reduce((sum, count) => sum + count, 0);

const tempC = fc.integer({ min: 0, max: 1100 }).map((tenths) => tenths / 10);
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined, freq: 8 });

/** Histories with absent readings, gaps of any length and hours that end. */
export const histories: fc.Arbitrary<WearSample[]> = fc
  .array(
    fc.record({
      coreTempC: maybe(tempC),
      powerW: maybe(fc.integer({ min: 0, max: 450 })),
      memTempC: maybe(tempC),
      fanPct: maybe(fc.integer({ min: 0, max: 100 })),
      energyMj: maybe(fc.integer({ min: 0, max: 1e9 })),
      dtMs: fc.option(fc.integer({ min: 1, max: 9000 }), { nil: undefined, freq: 12 }),
      gapMs: fc.integer({ min: 11_000, max: 7_200_000 }),
    }),
    { minLength: 1, maxLength: 120 },
  )
  .map((steps) => {
    let tsMs = 1_700_000_000_000;
    return steps.map(({ dtMs, gapMs, ...readings }) => {
      tsMs += dtMs ?? gapMs;
      return Object.fromEntries(
        Object.entries({ tsMs, dtMs, ...readings }).filter(([, value]) => value !== undefined),
      ) as WearSample;
    });
  });
