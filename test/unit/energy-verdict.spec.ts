// Counter and power of one card contradict each other: which one is used, and why.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createI18n } from '../../app/core/i18n.ts';
import { createFormatter } from '../../app/metrics/format.ts';
import { SHORTEST_STRETCH_MS, STRETCH_MS } from '../../app/workload/energy/verdict.ts';
import { energyNotes, errorText } from '../../app/workload/energy/words.ts';
import { figuresOf } from '../../app/workload/sessions/figures.ts';
import { summariseGpu, type SessionSample } from '../../app/workload/sessions/summary.ts';
import { readLoad, samplesAt, type Load } from '../support/cards.ts';
import { frameWith } from '../support/frames.ts';

type Read = { readonly counterW: number; readonly powerW: number | 'implausible'; readonly limitW?: number };

/** A card whose counter grows by `counterW`, second by second, while its sensor reads `powerW`. */
function cardThat(seconds: number, read: (second: number) => Read, everyMs = 1000): SessionSample[] {
  let energyMj = 5e6;
  return Array.from({ length: Math.round((seconds * 1000) / everyMs) + 1 }, (_, i) => {
    const { counterW, powerW, limitW } = read((i * everyMs) / 1000);
    if (i > 0) energyMj += counterW * everyMs;
    return {
      tsMs: i * everyMs,
      dtMs: i === 0 ? undefined : everyMs,
      frame: frameWith({ energyMj, powerW, ...(limitW !== undefined && { powerLimitW: limitW }) }),
    };
  });
}
const summaryOf = (samples: readonly SessionSample[], windowMs = 1000) =>
  summariseGpu('G', samples, { windowMs, ends: { fromMs: 0, toMs: samples.at(-1)!.tsMs } });

describe('an energy counter and power that contradict each other', () => {
  it.each([1, 5, 20, 3600])('a counter that stands still at 300 W for %d s is not used', (seconds) => {
    const summary = summaryOf(cardThat(seconds, () => ({ counterW: 0, powerW: 300, limitW: 350 })));
    expect(summary).toMatchObject({ energyJ: 300 * seconds, energyFrom: 'power', energyWhy: 'counter-stuck' });
    expect(summary.energyRangeJ!.low).toBeCloseTo((300 * seconds) / 1.05);
    expect(summary.energyRangeJ!.high).toBeCloseTo((300 * seconds) / 0.95);
  });

  it.each([
    ['is judged', 0, 'counter-stuck'],
    ['is too short to be judged', 1, undefined],
  ] as const)('a time that %s', (_what, shorterMs, why) => {
    const everyMs = SHORTEST_STRETCH_MS - shorterMs;
    expect(summaryOf(cardThat(everyMs / 1000, () => ({ counterW: 0, powerW: 300 }), everyMs)).energyWhy).toBe(why);
  });

  it('a counter that sticks half-way is not used, and one that pauses for a moment of a long session is', () => {
    const half = cardThat(120, (s) => ({ counterW: s > 60 ? 0 : 300, powerW: 300 }));
    expect(summaryOf(half)).toMatchObject({ energyJ: 36_000, energyFrom: 'power', energyWhy: 'counter-stuck' });
    const moment = cardThat(1200, (s) => ({ counterW: s > 60 && s <= 70 ? 0 : 300, powerW: 300 }));
    const summary = summaryOf(moment);
    expect(summary).toMatchObject({ energyFrom: 'counter', energyWhy: undefined });
    expect(summary.energyRangeJ!.high).toBeGreaterThan(360_000);
  });

  it('a counter that shows ten times the energy is not used where that is more than the limit', () => {
    const summary = summaryOf(cardThat(30, () => ({ counterW: 2500, powerW: 250, limitW: 350 })));
    expect(summary).toMatchObject({ energyJ: 7500, energyFrom: 'power', energyWhy: 'counter-impossible' });
    // the sampler has rejected the counter before: it is said all the same
    for (const believed of [0, 3]) {
      const rejected = cardThat(30, () => ({ counterW: 250, powerW: 250 })).map((sample, i) => ({
        ...sample,
        frame: i < believed ? sample.frame : frameWith({ energyMj: 'implausible', powerW: 250 }),
      }));
      const summary = summaryOf(rejected);
      expect(summary).toMatchObject({ energyJ: 7500, energyFrom: 'power', energyWhy: 'counter-impossible' });
    }
  });

  it.each([
    ['at the limit', 350, undefined],
    ['above it, within the error', 365, undefined],
    ['above it', 375, 'counter-impossible'],
  ] as const)('a mean power %s', (_what, counterW, why) => {
    // power disagrees in any case
    const { energyWhy } = summaryOf(cardThat(600, () => ({ counterW, powerW: 100, limitW: 350 })));
    expect(energyWhy).toBe(why ?? 'undecided');
  });

  it('ten times the energy below the limit is undecided: the range contains both', () => {
    const summary = summaryOf(cardThat(60, (s) => ({ counterW: 300, powerW: 30 + (s % 3) / 10, limitW: 350 })));
    expect(summary).toMatchObject({ energyFrom: 'counter', energyWhy: 'undecided' });
    expect(summary.energyRangeJ!.low).toBeLessThan(30 * 60);
    expect(summary.energyRangeJ!.high).toBeGreaterThan(300 * 60);
  });

  it('a power reading that stands still while the counter shows a changing load is not used', () => {
    const changing = cardThat(60, (s) => ({ counterW: s % 10 < 5 ? 300 : 60, powerW: 20, limitW: 350 }));
    const summary = summaryOf(changing);
    expect(summary).toMatchObject({ energyFrom: 'counter', energyWhy: 'power-stuck' });
    expect(summary.energyRangeJ!.low).toBeGreaterThan(9000);
    const steady = cardThat(60, () => ({ counterW: 180, powerW: 20, limitW: 350 }));
    expect(summaryOf(steady).energyWhy).toBe('undecided'); // nothing shows which one is right
  });

  it('a power reading that was rejected is named', () => {
    const frozen = cardThat(60, (s) => ({ counterW: 180, powerW: s > 20 ? 'implausible' : 180 }));
    expect(summaryOf(frozen)).toMatchObject({ energyJ: 10_800, energyFrom: 'counter', energyWhy: 'power-stuck' });
  });

  it('both wrong at different times: undecided', () => {
    const both = cardThat(200, (s) =>
      s <= 100 ? { counterW: 0, powerW: 200 } : { counterW: s % 10 < 5 ? 300 : 60, powerW: 20 },
    );
    expect(summaryOf(both).energyWhy).toBe('undecided');
  });

  it('a counter that jumps back is filled by power, and is no contradiction', () => {
    let energyMj = 9e6;
    const samples = cardThat(60, () => ({ counterW: 200, powerW: 200 })).map((sample, i) => {
      energyMj = i === 30 ? 0 : energyMj + 200_000;
      return { ...sample, frame: frameWith({ energyMj, powerW: 200 }) };
    });
    expect(summaryOf(samples)).toMatchObject({ energyJ: 12_000, energyFrom: 'counter', energyWhy: undefined });
  });

  it('is never found in a card that works, whatever its load, its sensor’s window and its counter’s updates', () => {
    const watts = fc.integer({ min: 20, max: 400 });
    fc.assert(
      fc.property(
        fc.array(fc.record({ watts, ms: fc.integer({ min: 50, max: 8000 }) }), { minLength: 2, maxLength: 40 }),
        fc.constantFrom(10, 25, 100, 1000),
        fc.constantFrom(100, 500, 1000, 2000),
        fc.integer({ min: 20, max: 100 }),
        (levels, windowMs, everyMs, updateMs) => {
          let atMs = 0;
          const load: Load = levels.flatMap(({ watts: level, ms }) => {
            const knots = [atMs, (atMs += ms)].map((knotMs) => ({ atMs: knotMs, watts: level }));
            return knots;
          });
          const { joules } = readLoad(load);
          const moments = Array.from({ length: Math.ceil((STRETCH_MS * 6) / everyMs) }, (_, i) => 1000 + i * everyMs);
          const counter = { updateMs, phaseMs: 0 };
          const samples = samplesAt({ load, limitW: 400, gain: 1, counter }, moments).map((sample) => {
            const meanW = ((joules(sample.tsMs) - joules(sample.tsMs - windowMs)) * 1000) / windowMs;
            const energyMj = Math.floor(joules(Math.floor(sample.tsMs / updateMs) * updateMs) * 1000);
            return { ...sample, frame: frameWith({ energyMj, powerW: meanW, powerLimitW: 400 }) };
          });
          expect(summariseGpu('G', samples, { windowMs }).energyWhy ?? '').not.toMatch(/^counter|^power/);
          // a sensor that covers the whole interval misses nothing at all
          if (windowMs >= everyMs) expect(summariseGpu('G', samples, { windowMs }).energyWhy).toBeUndefined();
        },
      ),
      { numRuns: 200 },
    );
  });
});

describe('in words', () => {
  const { t } = createI18n('en');
  const format = createFormatter('en-GB', { temperatureUnit: 'C', currency: 'EUR' });

  it.each([
    ['± 5 %', 100, { low: 100 / 1.05, high: 100 / 0.95 }],
    ['± 5 %', 100, undefined],
    ['± 5 %', 0, { low: 0, high: 0 }],
    ['± 11 %', 100, { low: 90, high: 111 }],
    ['± 12 %', 100, { low: 90, high: 112 }],
    ['between 90.0 J and 113 J', 100, { low: 90, high: 113 }],
    ['between 0 J and 50.0 J', 0, { low: 0, high: 50 }],
  ] as const)('an uncertainty is %s', (said, energyJ, range) =>
    expect(errorText(energyJ, range, t, format)).toBe(said),
  );

  it('what is used and why, and what was not seen, is said once, for all cards together', () => {
    const gpu = {
      gpuUuid: 'G',
      observedMs: 1,
      energyJ: 1,
      energyRangeJ: { low: 1, high: 1 },
      energyFrom: 'power',
    } as const;
    const unseen = { ms: 4000, energyJ: 2400 };
    const gpus = [
      { ...gpu, unseen },
      { ...gpu, energyWhy: 'counter-stuck' as const, unseen: { ms: 3000, energyJ: 600 } },
    ];
    const money = { pricePerKwh: null, tariff: [], market: undefined, co2GramsPerKwh: null };
    const figures = figuresOf({ startedMs: 0, endedMs: 1, summary: { gpus } }, money);
    expect(figures).toMatchObject({ energyWhy: 'counter-stuck', unseen: { ms: 4000, energyJ: 3000 } });
    const [why, seen, ...more] = energyNotes(figures, t, format);
    expect(why).toContain('energy counter stood still');
    expect(seen).toMatch(/up to 3\.?0* ?kJ in 4 s that were not seen|up to 3,?000 J in 4 s that were not seen/);
    expect(more).toEqual([]);
    expect(energyNotes(figuresOf({ startedMs: 0, endedMs: 1, summary: { gpus: [gpu] } }, money), t, format)).toEqual(
      [],
    );
  });

  it.each([
    [1000, 50, 0],
    [1000, 51, 1],
    [0, 1, 1],
    [undefined, 1, 1],
  ])('of %s J is said to miss %s J only if that is more than the meter’s own error', (energyJ, unseenJ, sentences) =>
    expect(energyNotes({ energyJ, unseen: { ms: 1000, energyJ: unseenJ } }, t, format)).toHaveLength(sentences),
  );
});
