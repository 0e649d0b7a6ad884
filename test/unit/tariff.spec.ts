import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createFormatter } from '../../app/metrics/format.ts';
import { createSlots } from '../../app/workload/energy/slots.ts';
import {
  co2GramsOf,
  costOf,
  priceAt,
  pricedShare,
  priceSlots,
  sumPriced,
  tariffOf,
  withinHours,
  type Tariff,
} from '../../app/workload/energy/tariff.ts';
import { inZone } from '../support/zone.ts';
import { addPrices, marketOf } from '../../app/workload/prices/market.ts';
import { figuresOf } from '../../app/workload/sessions/figures.ts';

const MINUTE = 60_000;
const QUARTER = 15 * MINUTE;
const HOUR = 60 * MINUTE;
const KWH = 3.6e6;
const DAY = Date.UTC(2026, 0, 14); // a Wednesday

const band = (fromMin: number, toMin: number, pricePerKwh: number) => ({
  days: 'all' as const,
  fromMin,
  toMin,
  pricePerKwh,
});
const none: Tariff = { pricePerKwh: null, tariff: [], market: undefined };
const slotsOf = (...spans: readonly (readonly [joules: number, fromMs: number, toMs: number])[]) => {
  const slots = createSlots();
  for (const [joules, fromMs, toMs] of spans) slots.add(joules, fromMs, toMs);
  return slots.result();
};
const source = { file: 'a.csv', format: 'iso', series: 'p', importedMs: 0, fromMs: 0, toMs: 0, count: 0 };
const marketWith = (...slices: readonly { fromMs: number; toMs: number; perKwh: number }[]) =>
  marketOf(addPrices(undefined, slices, 'EUR', source), { currency: 'EUR', marketSurchargePerKwh: 0, marketTaxPct: 0 });

describe('a price that begins at any minute', () => {
  it.each(Array.from({ length: 61 }, (_, minute) => minute))(
    'of the hour, %d: applies to what was used from then on, in bursts and in steady work',
    (minute) => {
      inZone('UTC');
      const tariff: Tariff = { pricePerKwh: 1, tariff: [band(60 + minute, 180, 3)], market: undefined };
      // a burst of 1 kWh in each even minute: no quarter of an hour is even
      const bursts = Array.from(
        { length: 60 },
        (_, i) => [KWH, DAY + HOUR + 2 * i * MINUTE, DAY + HOUR + (2 * i + 1) * MINUTE] as const,
      );
      const dear = bursts.filter(([, fromMs]) => fromMs >= DAY + HOUR + minute * MINUTE).length;
      expect(costOf(slotsOf(...bursts), tariff)).toBeCloseTo(60 + 2 * dear, 6);
      const steady = slotsOf([120 * KWH, DAY + HOUR, DAY + 3 * HOUR]);
      expect(steady).toHaveLength(8); // kept as quarters of an hour
      expect(costOf(steady, tariff)).toBeCloseTo(120 + 2 * (120 - minute), 6);
    },
  );

  it('is the price of imported slices too', () => {
    const market = marketWith(
      { fromMs: DAY, toMs: DAY + 7 * MINUTE, perKwh: -1 },
      { fromMs: DAY + 7 * MINUTE, toMs: DAY + HOUR, perKwh: 2 },
    );
    expect(costOf(slotsOf([60 * KWH, DAY, DAY + HOUR]), { ...none, market })).toBeCloseTo(-7 + 53 * 2, 6);
  });
});

describe('what energy cost', () => {
  const spans = fc.array(
    fc.tuple(fc.integer({ min: 1, max: 40 * MINUTE }), fc.double({ min: 0, max: 1e6, noNaN: true })),
    {
      minLength: 1,
      maxLength: 40,
    },
  );
  const tariffs = fc.record({
    pricePerKwh: fc.double({ min: -1, max: 1, noNaN: true }),
    tariff: fc.array(
      fc
        .tuple(
          fc.integer({ min: 0, max: 1440 }),
          fc.integer({ min: 0, max: 1440 }),
          fc.double({ min: -1, max: 1, noNaN: true }),
        )
        .map(([fromMin, toMin, price]) => band(fromMin, toMin, price)),
      { maxLength: 4 },
    ),
    market: fc.constant(undefined),
  });

  it('adds up over adjacent spans, within 1 % of what the longer slots hold', () => {
    fc.assert(
      fc.property(spans, tariffs, fc.nat(), (list, tariff, cut) => {
        let atMs = DAY + 11 * HOUR;
        const all = list.map(([ms, joules]) => [joules, atMs, (atMs += ms)] as const);
        const at = cut % (all.length + 1);
        const [whole, head, tail] = [all, all.slice(0, at), all.slice(at)].map((part) =>
          priceSlots(slotsOf(...part), tariff),
        );
        expect(head!.totalJ + tail!.totalJ).toBeCloseTo(whole!.totalJ, 4);
        const highest =
          2 * Math.max(Math.abs(tariff.pricePerKwh), ...tariff.tariff.map(({ pricePerKwh }) => Math.abs(pricePerKwh)));
        const changes = 2 * tariff.tariff.length; // each may fall into a slot that is even to 1 %, in the whole and in the parts
        const bound = 2 * changes * 0.01 * (whole!.totalJ / KWH) * highest + 1e-9;
        expect(Math.abs(head!.cost + tail!.cost - whole!.cost)).toBeLessThanOrEqual(bound);
      }),
      { numRuns: 300 },
    );
  });

  it('adds up exactly where slots are a minute', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { minLength: 2, maxLength: 200 }),
        tariffs,
        fc.nat(),
        (list, tariff, cut) => {
          const slots = list.map((energyJ, i) => ({ fromMs: DAY + i * MINUTE, ms: MINUTE, energyJ }));
          const at = cut % slots.length;
          const parts = [slots.slice(0, at), slots.slice(at)].map((part) => priceSlots(part, tariff).cost);
          expect(parts[0]! + parts[1]!).toBeCloseTo(priceSlots(slots, tariff).cost, 9);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('is not known where a price is missing, and says for how much of the energy it is known', () => {
    const slots = slotsOf([93 * KWH, DAY, DAY + 93 * MINUTE], [7 * KWH, DAY + 93 * MINUTE, DAY + 100 * MINUTE]);
    const market = marketWith({ fromMs: DAY, toMs: DAY + 93 * MINUTE, perKwh: 1 });
    const tariff = { ...none, market };
    expect(costOf(slots, tariff)).toBeUndefined();
    expect(pricedShare(priceSlots(slots, tariff))).toBeCloseTo(0.93, 9);
    const summary = { gpus: [{ gpuUuid: 'G', observedMs: 1, energyJ: 100 * KWH, slots }] };
    const session = { startedMs: DAY, endedMs: DAY + HOUR, summary };
    const figures = figuresOf(session, { ...tariff, co2GramsPerKwh: null });
    expect([figures.cost, figures.pricedShare]).toEqual([undefined, expect.closeTo(0.93, 9)]);
    // the user's own price for other times completes it
    expect(costOf(slots, { ...tariff, pricePerKwh: 2 })).toBeCloseTo(93 + 14, 6);
    expect(figuresOf(session, { ...none, co2GramsPerKwh: null })).not.toHaveProperty('pricedShare');
    expect(costOf([{ fromMs: DAY, energyJ: 0 }], none)).toBeUndefined(); // no price is not free
    expect(costOf([], { ...none, pricePerKwh: 1 })).toBeUndefined();
  });

  it('may be below 0, and is shown so', () => {
    inZone('UTC');
    const cost = costOf(slotsOf([KWH, DAY, DAY + HOUR]), { ...none, pricePerKwh: -0.034 })!;
    expect(cost).toBeCloseTo(-0.034, 9);
    const { money } = createFormatter('en', { temperatureUnit: 'C', currency: 'EUR' });
    expect([money(cost), money(-12.5), money(-0.00012)]).toEqual(['-3.4 ct', '-€12.50', '-0.012 ct']);
  });

  it('has an order of prices: imported, by time of use, plain', () => {
    inZone('UTC');
    const market = marketWith({ fromMs: DAY, toMs: DAY + HOUR, perKwh: 0 });
    const tariff: Tariff = { pricePerKwh: 3, tariff: [band(0, 120, 2)], market };
    expect([DAY, DAY + HOUR, DAY + 2 * HOUR].map((ms) => priceAt(ms, tariff))).toEqual([0, 2, 3]);
    expect(priceAt(DAY, none)).toBeUndefined();
  });
});

describe('a time-of-use price', () => {
  const weekly = (days: 'all' | 'weekdays' | 'weekend'): Tariff => ({
    ...none,
    tariff: [{ days, fromMin: 0, toMin: 1440, pricePerKwh: 2 }],
  });
  // 16 January 2026 is a Friday
  it.each([
    [16, 2, 2, undefined],
    [17, 2, undefined, 2],
    [18, 2, undefined, 2],
    [19, 2, 2, undefined],
  ])(
    'on the %d of January applies every day, from Monday to Friday, and at the weekend: %s, %s, %s',
    (day, ...prices) => {
      const at = new Date(2026, 0, day, 12).getTime();
      expect((['all', 'weekdays', 'weekend'] as const).map((days) => priceAt(at, weekly(days)))).toEqual(prices);
    },
  );

  it('applies all day where it begins and ends at the same minute', () => {
    for (const hour of [0, 4, 5, 6, 23])
      expect(withinHours(new Date(2026, 0, 16, hour).getTime(), 300, 300)).toBe(true);
  });

  it('is looked up once for a quarter of an hour, or for each minute where a price may change within', () => {
    inZone('UTC');
    const quarter = [{ fromMs: DAY, energyJ: KWH }];
    const lookUps = (tariff: Tariff['tariff'], inQuarters: boolean): number => {
      let count = 0;
      const priceAt = () => (count++, 1);
      expect(costOf(quarter, { ...none, tariff, market: { inQuarters, priceAt } })).toBeCloseTo(1, 9);
      return count;
    };
    expect(lookUps([], true)).toBe(1);
    expect(lookUps([band(15, 45, 1), band(60, 75, 1)], true)).toBe(1);
    expect(lookUps([], false)).toBe(15);
    expect(lookUps([band(15, 45, 1), band(61, 75, 1)], true)).toBe(15);
    expect(lookUps([band(15, 45, 1), band(60, 76, 1)], true)).toBe(15);
    // without imported prices
    expect(costOf(quarter, { ...none, pricePerKwh: 1, tariff: [band(0, 15, 1), band(0, 7, 4)] })).toBeCloseTo(1, 9);
    expect(costOf(quarter, { ...none, pricePerKwh: 1, tariff: [band(0, 7, 4), band(0, 15, 1)] })).toBeCloseTo(2.4, 9);
  });

  it('is that of the settings and of the imported prices in their currency', () => {
    const book = addPrices(undefined, [{ fromMs: DAY, toMs: DAY + HOUR, perKwh: 0.1 }], 'EUR', source);
    const settings = {
      ...none,
      currency: 'EUR',
      marketSurchargePerKwh: 0.2,
      marketTaxPct: 0,
      pricePerKwh: 7,
      own: 'kept',
    };
    const tariff = tariffOf(settings, book);
    expect(tariff).toMatchObject({ pricePerKwh: 7, own: 'kept' });
    expect([priceAt(DAY, tariff), priceAt(DAY + HOUR, tariff)]).toEqual([expect.closeTo(0.3, 9), 7]);
    expect(tariffOf(settings, undefined).market).toBeUndefined();
    expect(tariffOf({ ...settings, currency: 'USD' }, book).market).toBeUndefined();
  });
});

describe('costs of several cards', () => {
  const one = { cost: 2, pricedJ: 3, totalJ: 5, any: true };
  it('add up, and a price of one of them is a price', () => {
    const two = { cost: 20, pricedJ: 30, totalJ: 50, any: false };
    expect(sumPriced([one, two])).toEqual({ cost: 22, pricedJ: 33, totalJ: 55, any: true });
    expect(sumPriced([two, two]).any).toBe(false);
    expect(sumPriced([])).toEqual({ cost: 0, pricedJ: 0, totalJ: 0, any: false });
  });

  it.each([
    ['all of it', { pricedJ: 5 }, 1],
    ['what is missing by rounding only', { pricedJ: 1e9 - 1, totalJ: 1e9 }, 1],
    ['more than that is missing', { pricedJ: 1e9 - 2, totalJ: 1e9 }, 1 - 2e-9],
    ['a part', { pricedJ: 1 }, 0.2],
    ['no energy at a time with a price', { pricedJ: 0, totalJ: 0 }, 1],
    ['no price', { any: false }, 0],
  ])('have a share with a price: %s', (_, more, share) => expect(pricedShare({ ...one, ...more })).toBe(share));
});

describe('CO₂', () => {
  it('is the user’s own figure for each kWh, and unknown without one', () => {
    expect(co2GramsOf(2 * KWH, 380)).toBeCloseTo(760, 9);
    expect(co2GramsOf(2 * KWH, 0)).toBe(0);
    expect(co2GramsOf(2 * KWH, null)).toBeUndefined();
  });
});

describe('slots', () => {
  it('of old histories are quarters of an hour, spread evenly', () => {
    inZone('UTC');
    const tariff: Tariff = { pricePerKwh: 0, tariff: [band(0, 5, 3)], market: undefined };
    expect(costOf([{ fromMs: DAY, energyJ: KWH }], tariff)).toBeCloseTo(1, 9);
  });

  it('keep all energy, whatever the clock does', () => {
    const steps = fc.array(
      fc.tuple(fc.integer({ min: -2 * HOUR, max: 2 * HOUR }), fc.double({ min: 0, max: 1e6, noNaN: true })),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(steps, (list) => {
        const slots = createSlots();
        let [atMs, sum] = [DAY, 0];
        for (const [ms, joules] of list) {
          const toMs = atMs + ms;
          slots.add(joules, Math.min(atMs, toMs), toMs);
          atMs = toMs;
          sum += joules;
        }
        const result = slots.result();
        expect(result.reduce((total, { energyJ }) => total + energyJ, 0)).toBeCloseTo(sum, 3);
        for (const { fromMs, ms = QUARTER } of result) expect(fromMs % ms).toBe(0);
      }),
      { numRuns: 200 },
    );
  });

  it.each([
    [0.0099, 1],
    [0.0101, 15],
  ])('with %d of a quarter’s energy out of place are %d', (share, count) => {
    const minutes = Array.from(
      { length: 15 },
      (_, i) => [1 / 15 + (i === 0 ? share : i === 14 ? -share : 0), DAY + i * MINUTE, DAY + (i + 1) * MINUTE] as const,
    );
    expect(slotsOf(...minutes)).toHaveLength(count);
  });

  it.each([
    [15, 1],
    [15.001, 15],
  ])('of a quarter with 1500 J are one up to 15 J out of place: %d J', (joules, count) => {
    const minutes = Array.from(
      { length: 15 },
      (_, i) => [100 + (i === 0 ? joules : i === 14 ? -joules : 0), DAY + i * MINUTE, DAY + (i + 1) * MINUTE] as const,
    );
    expect(slotsOf(...minutes)).toHaveLength(count);
  });

  const quarter = (number: number, joules: number) =>
    [joules, DAY + number * QUARTER, DAY + (number + 1) * QUARTER] as const;
  const told = (...list: readonly ReturnType<typeof quarter>[]) =>
    slotsOf(...list).map(({ fromMs, energyJ }) => [(fromMs - DAY) / QUARTER, Math.round(energyJ)]);

  it('are in the order of their time, and one for each quarter, where the clock was set back', () => {
    expect(told(quarter(1, 30), quarter(0, 15), quarter(1, 60))).toEqual([
      [0, 15],
      [1, 90],
    ]);
    expect(told(quarter(2, 30), quarter(1, 15), quarter(0, 15))).toEqual([
      [0, 15],
      [1, 15],
      [2, 30],
    ]);
  });

  it('of a quarter that is over are settled: what comes later for it is a separate slot', () => {
    expect(told(quarter(0, 30), quarter(1, 15), quarter(0, 15))).toEqual([
      [0, 30],
      [0, 15],
      [1, 15],
    ]);
  });

  it('of a day of steady power are 96', () => expect(slotsOf([KWH, DAY, DAY + 24 * HOUR])).toHaveLength(96));
});
