import fs from 'node:fs';
import { describe, expect, it } from 'vitest';
import { encodingOf, textOf } from '../../app/telemetry/logs/encoding.node.ts';
import { languageOf } from '../../app/telemetry/logs/hwinfo-names.ts';
import { logFixture } from '../support/import.ts';
import { mean, readLogFile, readLogText } from '../support/logs.ts';
import { sharedCase } from '../support/shared.ts';

const MIB = 2 ** 20;
const range = (values: readonly (number | undefined)[]) => [
  Math.min(...(values as number[])),
  Math.max(...(values as number[])),
];

describe('a log of HWiNFO in German', () => {
  const log = readLogFile(logFixture('hwinfo-german.csv'), 'dmy');

  it('gives the NVIDIA card its own columns, beside another maker whose columns have the same names', () => {
    expect(log.cards).toEqual(['0']);
    expect(log.samples[0]!.gpu.name).toBe('NVIDIA GeForce RTX 3090');
    expect(log.values('coreTempC')).toEqual([50, 50.1, 50.2, 50.3]);
    expect(log.values('powerW')).toEqual([301, 301.1, 301.2, 301.3]);
    expect(log.values('graphicsClockMhz')[0]).toBe(1920);
    expect(log.values('gpuUtilPct')).toEqual([90, 91, 92, 93]);
    expect(log.values('memUtilPct')[0]).toBe(35);
    expect(log.values('vramUsedBytes')[0]).toBe(9770 * MIB);
    expect([log.values('fanPct')[0], log.values('fan2Pct')[0]]).toEqual([30, 31]);
    expect(log.bad).toEqual([]);
  });

  it('names every column that is not used, those of other hardware by their sensor', () => {
    expect(log.notTaken).toEqual([
      'GPU-Hot-Spot-Temperatur [°C]',
      'GPU Lüfter1 [RPM]',
      'GPU Speicher-Takt [MHz]',
      'Leistungsgrenzwert - Leistung [Yes/No]',
      'Beispielbrett (1 column)',
      'GPU [#1]: AMD Radeon (5 columns)',
    ]);
  });
});

describe('a log of HWiNFO in Chinese', () => {
  it('has its header in UTF-8 and its cells in a code page of Windows', () => {
    const log = readLogFile(logFixture('hwinfo-chinese.csv'), 'dmy');
    expect(log.values('coreTempC')).toEqual([41, 41.1, 41.2]);
    expect(log.values('powerW')).toEqual([112, 112.1, 112.2]);
    expect(log.values('graphicsClockMhz')[0]).toBe(1950);
    expect(log.values('gpuUtilPct')).toEqual([60, 61, 62]);
    expect(log.values('memUtilPct')[0]).toBe(20);
    expect(log.values('fanPct')[0]).toBe(40);
    expect(log.values('vramUsedBytes')[0]).toBe(2048 * MIB);
    expect(log.notTaken).toContain('显存结温 [℃]');
    expect(log.states('memTempC')).toEqual(['unreported', 'unreported', 'unreported']);
    expect(log.bad).toEqual([]);
  });

  it.each([
    ['gbk', [0xce, 0xc2, 0xb6, 0xc8]],
    ['big5', [0xb7, 0xc5, 0xab, 0xd7]],
  ])('may be in %s alone', (encoding, temperature) => {
    const header = Buffer.concat([Buffer.from('Date,Time,"GPU '), Buffer.from(temperature), Buffer.from(' [C]",\r\n')]);
    const bytes = Buffer.concat([header, Buffer.from('2.3.2025,9:5:0.335,41.5,\r\n')]);
    expect(encodingOf(bytes)).toBe(encoding);
    expect(readLogText(textOf(bytes), 'dmy').values('coreTempC')).toEqual([41.5]);
  });

  const real = sharedCase('hwinfo-other-language/hwinfo-cn.csv');
  it.runIf(real)('is read, as a real one shows', () => {
    const log = readLogFile(real!, 'dmy');
    expect(log.refused).toBeUndefined();
    expect(log.bad).toEqual([]);
    expect(log.samples).toHaveLength(39);
    expect(log.values('coreTempC')[0]).toBe(28.5);
    expect(log.values('powerW')[0]).toBe(12.297);
    expect(log.values('vramUsedBytes')[0]).toBe(1221 * MIB);
  });

  const derived = sharedCase('hwinfo-other-language/derived-bom-plus-gbk.csv');
  it.runIf(derived)('with English names is read, whatever its cells are encoded in', () => {
    const log = readLogFile(derived!, 'dmy');
    expect([log.bad, log.values('coreTempC'), log.values('powerW')]).toEqual([[], [61, 61, 61], [250, 250, 250]]);
  });
});

describe('a log of HWiNFO in a language of which no log was seen', () => {
  it.each([
    ['Japanese', 'GPU 温度のテスト'],
    ['Korean', 'GPU 온도'],
    ['French', 'Température du GPU'],
    ['Spanish', 'Potencia de la GPU'],
    ['Portuguese', 'Potência da GPU'],
    ['Italian', 'Potenza GPU'],
    ['Russian', 'Мощность GPU'],
  ])('is refused with its name and what to do: %s', (language, heading) => {
    const { refused, next } = readLogText(`Date,Time,"${heading} [°C]",\r\n2.3.2025,9:5:0.335,41.5,\r\n`, 'dmy');
    expect(refused).toContain(`in ${language},`);
    expect(next).toContain('English');
  });

  it('is not said of an English one without a GPU', () => {
    expect(readLogText('Date,Time,"CPU Power [W]",\r\n', 'dmy').refused).toBe(
      'The log has no column about an NVIDIA GPU.',
    );
    expect(languageOf('Date,Time,"GPU Temperature [°C]"')).toBeUndefined();
  });
});

describe('a log of HWiNFO whose sensor names hold commas', () => {
  const text = textOf(fs.readFileSync(logFixture('hwinfo-commas.csv')));

  it('gives each of two cards its own columns', () => {
    const log = readLogText(text, 'dmy');
    expect(log.values('coreTempC', '0')).toEqual([60.5, 61.5, 62.5]);
    expect(log.values('powerW', '0')).toEqual([250, 250.1, 250.2]);
    expect(log.values('coreTempC', '1')).toEqual([40.5, 41.5, 42.5]);
    expect(log.values('powerW', '1')).toEqual([90, 90.1, 90.2]);
    expect(log.notTaken).toContain('Drive: Example SSD (S1) [C:, D:] (2 columns)');
  });

  it('is refused where commas cannot be told apart and there are two cards', () => {
    const { refused, samples } = readLogText(text.replaceAll('[C:, D:]', 'C:, D:'), 'dmy');
    expect(samples).toEqual([]);
    expect(refused).toContain('12 names for 9 columns');
  });

  it('is read where commas cannot be told apart and there is one card', () => {
    const one = text
      .replaceAll('[C:, D:]', 'C:, D:')
      .replaceAll(/,"GPU Temperature \[°C\]","GPU Power \[W\]",(?=\r?$)/gm, ',');
    const lines = one.split('\r\n').map((line) => {
      if (/^\d/.test(line)) return `${line.split(',').slice(0, -3).join(',')},`;
      return line.replace(/(?:GPU \[#1\][^,]*,)+$/, '');
    });
    const log = readLogText(lines.join('\r\n'), 'dmy');
    expect(log.cards).toEqual(['0']);
    expect(log.values('coreTempC')).toEqual([60.5, 61.5, 62.5]);
  });

  const real = sharedCase('hwinfo-comma-in-sensor-name/hwinfo-a2000-drives.csv');
  it.runIf(real)('is read, as a real one shows', () => {
    const log = readLogFile(real!, 'dmy');
    expect(log.bad).toEqual([]);
    expect(log.samples).toHaveLength(25);
    expect(range(log.values('coreTempC'))).toEqual([63.2, 65.7]);
    expect(mean(log.values('coreTempC'))).toBeCloseTo(64.28, 2);
    expect(range(log.values('powerW'))).toEqual([12.316, 12.666]);
  });
});
