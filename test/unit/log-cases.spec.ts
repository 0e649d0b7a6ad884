import { describe, expect, it } from 'vitest';
import type { MetricKey } from '../../app/metrics/metrics.ts';
import { logFixture } from '../support/import.ts';
import { mean, readLogFile } from '../support/logs.ts';
import { sharedCase } from '../support/shared.ts';

// Logs that differ from what today's versions of their programs write.

const MIB = 2 ** 20;

describe('a log of HWiNFO whose times have no leading zeros', () => {
  it('is read whole, at the right times', () => {
    const { values, stamps, bad } = readLogFile(logFixture('hwinfo-unpadded.csv'), 'dmy');
    expect(bad).toEqual([]);
    expect(values('coreTempC')).toEqual([65.4, 66, 65.8]);
    expect(stamps.map((tsMs) => tsMs - stamps[0]!)).toEqual([0, 1007, 68_004]);
  });

  const real = sharedCase('hwinfo-unpadded-time/hwinfo-a2000.csv');
  it.runIf(real)('is read whole, as a real one shows', () => {
    const { values, bad } = readLogFile(real!, 'dmy');
    const [temps, watts] = [values('coreTempC'), values('powerW')];
    expect(bad).toEqual([]);
    expect(temps).toHaveLength(60);
    expect([Math.min(...(temps as number[])), Math.max(...(temps as number[]))]).toEqual([63.1, 66.3]);
    expect(mean(temps)).toBeCloseTo(64.2, 1);
    expect(mean(watts)).toBeCloseTo(12.46, 2);
  });
});

describe('a log of GPU-Z', () => {
  it('of 2016 gives the memory in use under its old name', () => {
    const { values, bad } = readLogFile(logFixture('gpuz-2016.txt'), 'ymd');
    expect([bad, values('vramUsedBytes'), values('coreTempC')]).toEqual([[], [107 * MIB], [40]]);
  });

  it('that another program saved again without blanks has the same columns', () => {
    const { values, bad } = readLogFile(logFixture('gpuz-resaved.csv'), 'ymd');
    expect(bad).toEqual([]);
    expect(values('coreTempC')).toEqual([53, 53]);
    expect(values('vramUsedBytes')).toEqual([509 * MIB, 502 * MIB]);
    expect(values('powerW')).toEqual([undefined, undefined]); // the chip's, not the board's
  });

  it('without a column that can be used is refused', () => {
    const file = logFixture('gpuz-nothing.csv');
    expect(readLogFile(file, 'ymd').refused).toBe('The log has no column about an NVIDIA GPU.');
  });

  const old = sharedCase('gpuz-2016-names/GPU-Z Sensor Log.txt');
  it.runIf(old)('of 2016 gives the memory in use of an idle card, as a real one shows', () => {
    const { values, bad } = readLogFile(old!, 'ymd');
    expect(bad).toEqual([]);
    expect(values('vramUsedBytes')).toEqual([0, 0, 0, 0]);
  });

  const resaved = sharedCase('gpuz-resaved/gpuData.csv');
  it.runIf(resaved)('that was saved again is read, as a real one shows', () => {
    const { values } = readLogFile(resaved!, 'ymd');
    expect(values('graphicsClockMhz')).toEqual([42, 53]);
    expect(values('coreTempC')).toEqual([53, 53]);
    expect(values('vramUsedBytes')).toEqual([509 * MIB, 502 * MIB]);
  });
});

describe('nvidia-smi -q of drivers before 331', () => {
  it('gives the temperature under its old name', () => {
    const { values } = readLogFile(logFixture('q-325.txt'), 'ymd');
    expect(values('coreTempC')).toEqual([41]);
  });

  const real = [
    ['gf6200.txt', 49],
    ['gf9400m.txt', 39],
  ] as const;
  for (const [name, tempC] of real) {
    const file = sharedCase(`smi-q-304/${name}`);
    it.runIf(file)(`gives the temperature, as ${name} shows`, () => {
      expect(readLogFile(file!, 'ymd').values('coreTempC')).toEqual([tempC]);
    });
  }
});

describe('nvidia-smi --query-gpu whose header has no units', () => {
  const expected = {
    powerW: [512.33, 540.1, 541.9],
    vramUsedBytes: Array(3).fill(21000 * MIB),
    gpuUtilPct: [98, 99, 99],
  };
  const real = sharedCase('csv-header-without-units/telemetry.csv');
  const files = [logFixture('query-gpu-no-units.csv'), ...(real ? [real] : [])];
  it.each(files)('takes the units of nvidia-smi: %s', (file) => {
    const { values, bad } = readLogFile(file, 'ymd');
    expect(bad).toEqual([]);
    for (const [key, column] of Object.entries(expected)) expect(values(key as MetricKey)).toEqual(column);
  });
});
