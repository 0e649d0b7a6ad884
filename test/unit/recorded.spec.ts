import { describe, expect, it } from 'vitest';
import { createNumberFormatter } from '../../app/core/format.ts';
import { text } from '../../app/core/i18n.ts';
import type { Marks } from '../../app/workload/adapters/outputs.ts';
import { MARKS_KEPT } from '../../app/workload/adapters/outputs.ts';
import { eachText } from '../../app/workload/sessions/each-text.ts';
import { figuresOf } from '../../app/workload/sessions/figures.ts';
import type { GpuSummary, Outputs } from '../../app/workload/sessions/schema.ts';
import { summariseGpu, type SessionSample } from '../../app/workload/sessions/summary.ts';
import { frameWith } from '../support/frames.ts';

const MINUTE = 60_000;
const format = createNumberFormatter('en', { temperatureUnit: 'C', currency: 'EUR' });

/** A card at 100 W, one sample a second between two moments. */
const at100W = (fromMs: number, toMs: number): SessionSample[] =>
  Array.from({ length: (toMs - fromMs) / 1000 + 1 }, (_, i) => ({
    tsMs: fromMs + i * 1000,
    dtMs: i === 0 ? undefined : 1000,
    frame: frameWith({ powerW: 100 }),
  }));
/** The same with the card's counter of energy, which runs on while nothing is recorded. */
const counted = (samples: readonly SessionSample[]): SessionSample[] =>
  samples.map(({ tsMs, ...sample }) => ({ ...sample, tsMs, frame: frameWith({ powerW: 100, energyMj: tsMs * 100 }) }));

/** One output every ten seconds. */
const everyTen = (toMs: number): Marks =>
  Array.from({ length: toMs / 10_000 }, (_, i) => ({ tsMs: (i + 1) * 10_000, count: 1 }));
const summary = (samples: readonly SessionSample[], toMs: number, marks?: Marks): GpuSummary =>
  summariseGpu('GPU', samples, { ends: { fromMs: 0, toMs }, ...(marks && { marks }) });
const figures = (gpus: readonly GpuSummary[], toMs: number, outputs: Partial<Outputs> & { count: number }) =>
  figuresOf(
    {
      startedMs: 0,
      endedMs: toMs,
      summary: {
        gpus,
        workload: { kind: 'other', found: 'by-hand', outputs: { unit: 'image', countedBy: 'glob', ...outputs } },
      },
    },
    { pricePerKwh: null, tariff: [], market: undefined, co2GramsPerKwh: null },
  );

describe('energy per output', () => {
  it('is that of the outputs made while recording, where the recorder was killed half way', () => {
    const gpu = summary(at100W(0, MINUTE), 2 * MINUTE, everyTen(2 * MINUTE));
    expect(gpu).toMatchObject({ energyJ: 6000, unrecordedMs: MINUTE, outputsRecorded: 6 });
    expect(gpu.outputsJ).toEqual(Array<number>(6).fill(1000));
    const shown = figures([gpu], 2 * MINUTE, { count: 12 });
    expect(shown.each!.energyJ).toBe(1000); // 500 J if all twelve had shared the recorded energy
    expect(shown.outputsPerHour).toBe(360); // they were made, recorded or not
    expect(eachText(text, format, shown)).toBe('from the 6 made while recording; 1 min were not recorded');
  });

  it('leaves out what was made in a gap of the recording, and the output that a gap interrupts', () => {
    const samples = [...at100W(0, 35_000), ...at100W(85_000, 2 * MINUTE)];
    const gpu = summary(samples, 2 * MINUTE, everyTen(2 * MINUTE));
    expect(gpu).toMatchObject({ energyJ: 7000, unrecordedMs: 50_000, outputsRecorded: 7 });
    expect(gpu.outputsJ).toEqual(Array<number>(6).fill(1000)); // the one at 90 s began at 80 s
  });

  it('is not shown for tokens, which have no marks, and says why', () => {
    const shown = figures([summary(at100W(0, MINUTE), 2 * MINUTE)], 2 * MINUTE, { unit: 'token', count: 1200 });
    expect(shown.each).toEqual({ ms: 100 });
    expect(shown.energyJ).toBe(6000);
    expect(eachText(text, format, shown)).toContain('not shown per output: 1 min of the session were not recorded');
  });

  it('is not shown where a session has more outputs than marks', () => {
    const marks = Array.from({ length: MARKS_KEPT }, (_, i) => ({ tsMs: i + 1, count: 1 }));
    expect(summary(at100W(0, MINUTE), 2 * MINUTE, marks).outputsRecorded).toBeUndefined();
    expect(summary(at100W(0, MINUTE), 2 * MINUTE, marks.slice(1)).outputsRecorded).toBe(MARKS_KEPT - 1);
  });

  it('is whole across a gap that the card’s counter measured', () => {
    const samples = counted([...at100W(0, 35_000), ...at100W(85_000, 2 * MINUTE)]);
    const gpu = summary(samples, 2 * MINUTE, everyTen(2 * MINUTE));
    expect(gpu.energyJ).toBeCloseTo(12_000, 6);
    expect(gpu.unrecordedMs).toBeUndefined();
    expect(figures([gpu], 2 * MINUTE, { count: 12 }).each!.energyJ).toBeCloseTo(1000, 6);
  });

  it('is not that of a counter that was reset in the gap', () => {
    const [before, after] = [counted(at100W(0, 35_000)), at100W(85_000, 2 * MINUTE)];
    const reset = after.map((sample, i) => ({ ...sample, frame: frameWith({ powerW: 100, energyMj: i * 100_000 }) }));
    expect(summary([...before, ...reset], 2 * MINUTE).unrecordedMs).toBe(50_000);
  });

  it.each([
    [10_000, undefined],
    [10_001, 10_001],
  ])('with %d ms before its first sample has %s ms unrecorded: an interval is no gap', (startMs, expected) => {
    const samples = at100W(startMs, startMs + MINUTE);
    expect(summary(samples, startMs + MINUTE).unrecordedMs).toBe(expected);
    const late = summariseGpu('GPU', at100W(0, MINUTE), { ends: { fromMs: 0, toMs: MINUTE + startMs } });
    expect(late.unrecordedMs).toBe(expected);
  });

  it('of several cards is shown only where all of them recorded the same outputs', () => {
    const marks = everyTen(2 * MINUTE);
    const half = summary(at100W(0, MINUTE), 2 * MINUTE, marks);
    const whole = summary(at100W(0, 2 * MINUTE), 2 * MINUTE, marks);
    expect(figures([half, half], 2 * MINUTE, { count: 12 }).each!.energyJ).toBe(2000);
    expect(figures([whole, whole], 2 * MINUTE, { count: 12 }).each!.energyJ).toBe(2000);
    const mixed = figures([half, whole], 2 * MINUTE, { count: 12 });
    expect(mixed.each!.energyJ).toBeUndefined();
    expect(mixed.eachRecorded).toEqual({ unrecordedMs: MINUTE, outputs: undefined });
  });
});
