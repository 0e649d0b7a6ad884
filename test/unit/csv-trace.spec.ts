import fs from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readTrace, type Trace, type TraceOptions } from '../../app/wear/trace-file.node.ts';
import { temporaryFolder } from '../support/folders.ts';

async function read(lines: readonly string[], options: Partial<TraceOptions> = {}) {
  const file = path.join(temporaryFolder(), 'trace.csv');
  fs.writeFileSync(file, `${lines.join('\n')}\n`);
  return readTrace(file, { gapMs: 10_000, ...options }, () => undefined, new AbortController().signal);
}

async function trace(lines: readonly string[], options: Partial<TraceOptions> = {}): Promise<Trace> {
  const result = await read(lines, options);
  if (!result.ok) throw new Error(result.error.message);
  return result.value;
}

const ROWS = 60;
const rows = (row: (i: number) => string): string[] => Array.from({ length: ROWS }, (_, i) => row(i));
const two = (n: number): string => String(n).padStart(2, '0');

/** 59 s at 65 °C, however it is written: silicon's rate is 1 there, for every activation energy. */
const same: Record<string, readonly string[]> = {
  'our own names': ['tsMs,coreTempC,powerW', ...rows((i) => `${1_700_000_000_000 + i * 1000},65,100`)],
  'another order, units in the names': ['power_mw,temp_f,time_s', ...rows((i) => `100000,149,${i}`)],
  'units in brackets, semicolons': ['"Time [ms]";"Core Temp (°C)";Power [kW]', ...rows((i) => `${i * 1000};65;0.1`)],
  'decimal commas': ['time_s;temperature [K];power', ...rows((i) => `${i},0;338,15;100,0`)],
  'units beside the numbers': [
    'timestamp,temperature,power',
    ...rows((i) => `2026/03/01 10:00:${two(i)}.000,65 C,100.5 W`),
  ],
  minutes: ['time [min]\ttemp\twatts', ...rows((i) => `${i / 60}\t65\t100`)],
  'date and time apart': ['Date,Time,core temp,board power', ...rows((i) => `01.03.2026,23:59:${two(i)},65,100`)],
  'a time of day that passes midnight': [
    'Time,gpuTemp,p_w',
    ...rows((i) => `${i < 30 ? `23:59:${two(30 + i)}` : `00:00:${two(i - 30)}`},65,100`),
  ],
  'names of nvidia-smi with other stamps': [
    'timestamp,temperature.gpu,power.draw',
    ...rows((i) => `2026-03-01T10:00:${two(i)}Z,65,100`),
  ],
  'a byte order mark and Windows line ends': ['\uFEFFt,temp,power\r', ...rows((i) => `${i},65,100\r`)],
};

describe('a CSV trace', () => {
  it.each(Object.entries(same))('says the same with %s', async (_, lines) => {
    const { cards, badCount } = await trace(lines);
    expect(badCount).toBe(0);
    const { observedHours, coverage, families } = cards[0]!.exposure.summary();
    expect(observedHours).toBeCloseTo((ROWS - 1) / 3600, 9);
    expect(coverage).toBeCloseTo(1, 9);
    for (const { rate } of families.M1!.sets) expect(rate).toBeCloseTo(1, 9);
    expect(cards[0]!.sensors).toEqual(['coreTempC', 'powerW']);
  });

  it('keeps cards apart that a column names', async () => {
    const { cards } = await trace([
      'gpu,time_s,temp',
      ...Array.from({ length: 40 }, (_, i) => `${i % 2},${i >> 1},${i % 2 ? 80 : 60}`),
    ]);
    expect(cards.map(({ gpu, samples }) => [gpu, samples])).toEqual([
      ['0', 20],
      ['1', 20],
    ]);
    expect(cards.map(({ exposure }) => exposure.summary().hoursByTemp.map(({ tempC }) => tempC))).toEqual([[60], [80]]);
  });

  it('takes no number whose unit it does not know, and says so', async () => {
    const { cards, notTaken } = await trace(['t,temp,fan [rpm],hot spot', ...rows((i) => `${i},65,1200,80`)]);
    expect(notTaken).toEqual(['fan [rpm]', 'hot spot']);
    expect(cards[0]!.exposure.summary().off.M5).toBe('no-fan');
    expect(await read(['t,temp [V]', '0,1'])).toMatchObject({
      ok: false,
      error: { message: expect.stringContaining('unit that Slowburn does not know: temp [V]') },
    });
  });

  it('observes nothing where a cell is no temperature, a step is too long or the time goes back', async () => {
    const { cards, badCount } = await trace([
      't,temp',
      '0,65',
      '1,nan',
      '2,65',
      '3,65',
      '14,65',
      '15,65',
      '10,65',
      '11,65',
      'x,65',
      '12,65,1',
      '12,999',
      '13,N/A',
    ]);
    expect(badCount).toBe(2);
    expect(cards[0]!.exposure.summary().observedHours).toBeCloseTo(3 / 3600, 12);
  });

  it('reads the period that is asked for', async () => {
    const { cards } = await trace(['t,temp', ...rows((i) => `${i},65`)], { fromMs: 10_000, toMs: 20_000 });
    expect(cards[0]!.exposure.summary().observedHours).toBeCloseTo(10 / 3600, 12);
  });

  it('never throws on what a file holds', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('t,temp', 'time;temp [F]', 'Date,Time,GPU temp', 'gpu,ts_ms,core_temp_c,fan'),
        fc.array(fc.string({ unit: fc.constantFrom(...'0123456789.,;:-"eTZ CFé\t'.split('')), maxLength: 30 }), {
          maxLength: 10,
        }),
        async (header, lines) => {
          const result = await read([header, ...lines]);
          if (!result.ok) expect(result.error.message).toMatch(/^\S.*\.$/);
          else
            for (const { exposure } of result.value.cards) expect(exposure.summary().coverage).toBeLessThanOrEqual(1);
        },
      ),
      { numRuns: 60 },
    );
  });
});
