import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { figuresOf } from '../../app/workload/sessions/figures.ts';
import { publishedFor } from '../../app/workload/sessions/published.ts';
import type { GpuSummary } from '../../app/workload/sessions/schema.ts';
import { kneeOf, parseCaps, type SweepPoint } from '../../app/workload/sessions/sweep.ts';

const money = { pricePerKwh: 0.36, tariff: [], market: undefined, co2GramsPerKwh: 400 };
const gpu = (energyJ: number): GpuSummary => ({
  gpuUuid: 'GPU',
  observedMs: 60_000,
  energyJ,
  energyFrom: 'counter',
  energyRangeJ: { low: energyJ * 0.95, high: energyJ * 1.05 },
  slots: [{ fromMs: 0, energyJ }],
  meanTempC: 60,
  peakTempC: 70,
});

describe('a session in figures', () => {
  it('is shown per output: joules, range, money, CO2 and time', () => {
    const { each, outputsPerHour, cost, co2G } = figuresOf(
      {
        startedMs: 0,
        endedMs: 60_000,
        summary: {
          gpus: [gpu(30_000), gpu(10_000)],
          workload: { kind: 'diffusion', found: 'by-hand', outputs: { unit: 'image', count: 10, countedBy: 'glob' } },
        },
      },
      money,
    );
    expect(each!.energyJ).toBe(4000);
    expect(each!.rangeJ!.low).toBeCloseTo(3800);
    expect(each!.ms).toBe(6000);
    expect(outputsPerHour).toBe(600);
    expect(cost).toBeCloseTo((40_000 / 3.6e6) * 0.36);
    expect(co2G).toBeCloseTo((40_000 / 3.6e6) * 400);
  });

  it('has no energy when one of its cards told none: half a sum is no sum', () => {
    const silent: GpuSummary = { gpuUuid: 'B', observedMs: 1 };
    expect(figuresOf({ startedMs: 0, endedMs: 1, summary: { gpus: [gpu(1), silent] } }, money).energyJ).toBeUndefined();
  });

  it('has no figure for each output while none was counted', () => {
    const figures = figuresOf({ startedMs: 0, endedMs: 1000, summary: { gpus: [gpu(1)] } }, money);
    expect([figures.each, figures.outputsPerHour, figures.speed]).toEqual([undefined, undefined, undefined]);
  });
});

describe('published figures', () => {
  it('are compared with outputs of their own kind, with device and batch', () => {
    const rows = publishedFor('image', ['diffusion']);
    expect(rows.length).toBeGreaterThan(5);
    for (const { device, batch, source } of rows) expect([device, batch, source].every(Boolean)).toBe(true);
    expect(publishedFor('image', ['autoregressive-image'])).toEqual([]); // none was found in print
    expect(publishedFor('token', ['llm']).every(({ unit }) => unit === 'token')).toBe(true);
  });
});

describe('a sweep', () => {
  it.each([
    ['200:400:50', [200, 250, 300, 350, 400]],
    ['200:310:50', [200, 250, 300, 310]],
    ['200:200:50', [200]],
    ['400:200:50', undefined],
    ['200:400:0', undefined],
    ['200', undefined],
    ['200:9999:50', undefined],
    ['30:3000:1', undefined],
  ])('%s runs %j', (text, caps) => expect(parseCaps(text)).toEqual(caps));

  const point = (capW: number, perHour: number): SweepPoint => ({ capW, perHour, joulesEach: 1, meanTempC: 60 });

  it('marks the cap from which more power buys little', () => {
    const points = [point(200, 100), point(250, 160), point(300, 190), point(350, 196), point(400, 200)];
    expect(kneeOf(points)?.capW).toBe(300);
  });

  it('marks none where there is none', () => {
    expect(kneeOf([point(200, 100), point(300, 150), point(400, 200)])).toBeUndefined();
    expect(kneeOf([point(200, 100), point(300, 101), point(400, 102)])).toBeUndefined();
    expect(kneeOf([point(200, 100), point(400, 200)])).toBeUndefined();
  });

  it('finds a knee among its own points, if any, in whatever order they ran', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.integer({ min: 100, max: 500 }), fc.nat(1000)), { maxLength: 12 }), (list) => {
        const points = list.map(([capW, perHour]) => point(capW, perHour));
        const knee = kneeOf(points);
        if (knee) expect(points).toContain(knee);
      }),
    );
  });
});
