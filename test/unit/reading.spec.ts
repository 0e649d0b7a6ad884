import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { metricOf, metrics, type MetricKey } from '../../app/metrics/metrics.ts';
import { absentFrame, createFrame, readingOf, setAbsent, setValue, valueOf } from '../../app/metrics/frame.ts';
import { readingStates } from '../../app/core/reading.ts';

const anyKey = fc.constantFrom<MetricKey[]>(...metrics.map(({ key }) => key));
const anyAbsence = fc.constantFrom(...readingStates.filter((state) => state !== 'value'));

describe('a reading', () => {
  it('is unread until something is known', () => {
    const frame = createFrame();
    for (const { key } of metrics) expect(readingOf(frame, key)).toEqual({ state: 'unread', reason: 0 });
  });

  it('is never a number when it is absent, whatever was there before', () => {
    fc.assert(
      fc.property(anyKey, anyAbsence, fc.integer({ min: 0, max: 999 }), (key, state, reason) => {
        const frame = createFrame();
        setValue(frame, key, metricOf(key).range[1]);
        setAbsent(frame, key, state, reason);
        expect(valueOf(frame, key)).toBeUndefined();
        expect(readingOf(frame, key)).toEqual({ state, reason });
      }),
    );
  });

  it('keeps a plausible value to the storage scale', () => {
    fc.assert(
      fc.property(anyKey, fc.double({ min: 0, max: 1, noNaN: true }), (key, share) => {
        const { range, scale } = metricOf(key);
        const value = range[0] + share * (range[1] - range[0]);
        const frame = createFrame();
        setValue(frame, key, value);
        const kept = valueOf(frame, key)!;
        expect(Math.abs(kept - value)).toBeLessThanOrEqual(0.5 / scale + Math.abs(value) * 1e-15);
        setValue(frame, key, kept);
        expect(valueOf(frame, key)).toBe(kept); // to the bit, so that disk and exports agree
      }),
    );
  });

  it('is implausible outside the range, and for what is no number', () => {
    const frame = createFrame();
    const sentinels: [MetricKey, number][] = [
      ['coreTempC', 255],
      ['gpuUtilPct', 2 ** 63 - 1],
      ['pstate', 32],
      ['vramUsedBytes', 17179869184 * 2 ** 30],
      ['powerW', 4294967.295],
      ['coreTempC', Number.NaN],
    ];
    for (const [key, value] of sentinels) {
      setValue(frame, key, value);
      expect(readingOf(frame, key).state, `${key} ${value}`).toBe('implausible');
    }
  });

  it('is absent for one reason in a whole frame when the GPU is gone', () => {
    const frame = absentFrame('lost', 15);
    for (const { key } of metrics) expect(readingOf(frame, key)).toEqual({ state: 'lost', reason: 15 });
  });
});
