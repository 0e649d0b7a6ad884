import fs from 'node:fs';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { metrics, type MetricKey } from '../../app/metrics/metrics.ts';
import { hasValue, valueOf } from '../../app/metrics/frame.ts';
import { recordingHeader, recordingLine } from '../../app/telemetry/replay/recording.ts';
import { formatOf } from '../../app/telemetry/logs/formats.ts';
import { createIntake, type LogSample } from '../../app/telemetry/logs/intake.ts';
import type { LogGpu } from '../../app/telemetry/logs/log.ts';
import {
  createDateSurvey,
  createStamps,
  parseDate,
  parseTime,
  parseUtcOffset,
} from '../../app/telemetry/logs/stamps.ts';
import { frameWith, testGpu } from '../support/frames.ts';
import { AFTER_FIXTURES_MS, logFixture } from '../support/import.ts';

type Read = {
  readonly samples: readonly (LogSample & { readonly gpu: LogGpu })[];
  readonly bad: readonly { readonly line: number; readonly why: string }[];
  readonly notTaken: readonly string[];
  readonly refused: string | undefined;
};

/** Reads the text of a log with its own format, or with that of another text. */
function read(text: string, like = text): Read {
  const samples: (LogSample & { gpu: LogGpu })[] = [];
  const bad: { line: number; why: string }[] = [];
  const notTaken: string[] = [];
  let refused: string | undefined;
  const format = formatOf(like)!;
  const lines = text.split(/\r?\n/);
  const note = (line: number, why: string) => void bad.push({ line, why });
  const intake = createIntake(AFTER_FIXTURES_MS, (gpu, sample) => void samples.push({ ...sample, gpu }), note);
  const reader = format.open({
    sink: {
      sample: intake.sample,
      bad: note,
      notTaken: (column) => void notTaken.push(column),
      refuse: (error) => (refused ??= error.message),
    },
    stamp: createStamps(0),
    order: /^80|hml/m.test(text) || text.includes('9.6.2026') ? 'dmy' : 'ymd',
    lastLines: lines.filter((line) => line !== '').slice(-3),
  });
  lines.forEach((line, i) => reader.line(line, i + 1));
  reader.end();
  return { samples, bad, notTaken, refused };
}

const fixture = (name: string): string => fs.readFileSync(logFixture(name), 'utf8');
const gpu = testGpu();
const recording = [
  recordingHeader([gpu]),
  ...[60, 61, 62].map((coreTempC, i) =>
    recordingLine({
      tsMs: Date.UTC(2026, 5, 9) + i * 1000,
      gpus: [{ gpu, frame: frameWith({ coreTempC, powerW: 200 + i }) }],
    }),
  ),
  '',
].join('\n');
const logs: readonly (readonly [name: string, text: string])[] = [
  ...['hwinfo.csv', 'gpu-z.txt', 'afterburner.hml', 'query-gpu.csv', 'query.txt', '../nvidia-smi/two-cards.xml'].map(
    (name) => [name, fixture(name)] as const,
  ),
  ['a recording', recording],
];
const values = (it: Read, key: MetricKey, card?: string) =>
  it.samples.filter((sample) => card === undefined || sample.gpu.key === card).map(({ frame }) => valueOf(frame, key));

describe('a log', () => {
  it('of HWiNFO gives each NVIDIA card its own columns, told from the last line', () => {
    const log = read(fixture('hwinfo.csv'));
    expect(values(log, 'coreTempC', '0').slice(0, 2)).toEqual([61, 61.5]);
    expect(values(log, 'coreTempC', '2').slice(0, 2)).toEqual([38, 38.1]);
    expect(values(log, 'powerW', '2')[0]).toBe(12.5);
    expect(values(log, 'vramUsedBytes', '0')[0]).toBe(9216 * 2 ** 20);
    expect(log.samples.map(({ gpu: { name } }) => name)).toContain('NVIDIA GeForce RTX 4080');
    expect(log.samples[2]).toMatchObject({ tsMs: Date.UTC(2026, 5, 9, 12, 0, 2, 250), dtMs: 2000 });
    expect(log.notTaken).toContain('GPU Memory Junction Temperature [°C]');
    expect(log.notTaken).toContain('iGPU [#1]: AMD Radeon Graphics: Example CPU (2 columns)');
    expect(log.bad).toEqual([]);
  });

  it('of HWiNFO with several cards and without its last line is refused with what to do', () => {
    const rows = fixture('hwinfo.csv').split('\r\n').slice(0, 9).join('\r\n');
    expect(read(rows)).toMatchObject({ samples: [], refused: expect.stringContaining('several GPUs') as string });
  });

  it('of GPU-Z keeps a failed reading as failed, continues after a new header, and takes no PerfCap bit for a reason', () => {
    const log = read(fixture('gpu-z.txt'));
    expect(values(log, 'coreTempC')).toEqual([48.7, 48.8, 48.9, 49, 49.1, undefined, 35, 35.1]);
    expect(values(log, 'throttleReasons').every((value) => value === undefined)).toBe(true);
    expect(log.samples.map(({ dtMs }) => dtMs)).toEqual([undefined, 1000, 1000, 1000, 1000, 1000, undefined, 1000]);
    expect(log.notTaken).toContain('Hot Spot [°C]');
    expect(log.bad).toEqual([]);
  });

  it('with decimal commas reads as one with points', () => {
    const commas = (text: string) => text.replace(/(\d)\.(\d+)(?=\s)/g, '$1,$2');
    for (const name of ['gpu-z.txt', 'afterburner.hml']) {
      const text = fixture(name);
      expect(commas(text)).not.toBe(text);
      expect(read(commas(text)).samples).toEqual(read(text).samples);
    }
    const hwinfo = fixture('hwinfo.csv');
    const semicolons = hwinfo.replaceAll(',', ';').replace(/(?<=;\d+)\.(?=\d+;)/g, ',');
    expect(read(semicolons).samples).toEqual(read(hwinfo).samples);
  });

  it('in °F is kept in °C', () => {
    const log = read(fixture('gpu-z.txt').replaceAll('GPU Temperature [°C]', 'GPU Temperature [°F]'));
    expect(values(log, 'coreTempC')[0]).toBe(9.3);
  });

  it('of MSI Afterburner has two rows a second in the order they stand', () => {
    const log = read(fixture('afterburner.hml'));
    expect(log.samples.map(({ tsMs }) => tsMs - Date.UTC(2025, 11, 23, 16, 38, 32))).toEqual([
      0, 1, 1000, 1001, 2000, 2001,
    ]);
    expect(values(log, 'powerW')).toEqual([98.125, 99.125, 100.125, 101.125, undefined, 103.125]);
    expect(log.samples[0]!.gpu.name).toBe('NVIDIA GeForce RTX 3080');
  });

  it('of MSI Afterburner may name a column by its title where it gives the unit', () => {
    const text = fixture('afterburner.hml').replace(/^(03,[^,]*, )0 +,/m, '$1GPU temperature,');
    expect(text).toContain(' GPU temperature,°C');
    expect(values(read(text), 'coreTempC')).toEqual(values(read(fixture('afterburner.hml')), 'coreTempC'));
  });

  it.each([
    ['query-gpu.csv', [60, 40, 61, 41, 62, 42, 63, 43]],
    ['query.txt', [60, 61, 62]],
  ])('of nvidia-smi, %s, is read under the UUIDs it has', (name, temps) => {
    const log = read(fixture(name));
    expect(values(log, 'coreTempC')).toEqual(temps);
    expect(log.samples.every(({ gpu: { uuid } }) => uuid?.startsWith('GPU-0000'))).toBe(true);
    expect(log.bad).toEqual([]);
  });

  it('names each bad line by its number, and takes the others', () => {
    const lines = fixture('query-gpu.csv').split('\n');
    lines[3] = 'NVIDIA-SMI has failed';
    const log = read(lines.join('\n'));
    expect(log.bad).toEqual([{ line: 4, why: 'It does not have the fields of the header.' }]);
    expect(log.samples).toHaveLength(7);
  });

  it('with a word where a number should be says so and keeps the rest of the row', () => {
    const log = read(fixture('gpu-z.txt').replace('114.3', 'abc'));
    expect(log.bad).toEqual([{ line: 2, why: '“abc” under Board Power Draw [W] is not a number.' }]);
    expect(values(log, 'powerW')[0]).toBeUndefined();
    expect(values(log, 'coreTempC')[0]).toBe(48.7);
  });

  it('cut off in a document gives the documents around it', () => {
    const xml = fixture('../nvidia-smi/two-cards.xml');
    const log = read(`${xml.slice(0, xml.length / 2)}\n${xml}`);
    expect(log.samples).toHaveLength(2);
    expect(log.bad).toMatchObject([{ line: 1, why: expect.stringContaining('cut off') as string }]);
  });

  it('from a clock that was not set, or from the future, is not believed', () => {
    const text = fixture('gpu-z.txt');
    for (const year of ['1999', '2031']) {
      const log = read(text.replaceAll('2026-06', `${year}-06`));
      expect([log.samples.length, log.bad.length]).toEqual([0, 8]);
    }
  });

  it('whose power stands still while the card warms has no power', () => {
    const rows = Array.from(
      { length: 30 },
      (_, i) => `2026/06/09 12:00:${String(i).padStart(2, '0')}.000, ${50 + i}, 150.11 W`,
    );
    const log = read(['timestamp, temperature.gpu, power.draw [W]', ...rows].join('\n'));
    expect(values(log, 'powerW').at(-1)).toBeUndefined();
    expect(values(log, 'coreTempC').at(-1)).toBe(79);
  });

  // Each value that comes out of a damaged log stands, for that metric, in the whole one. A document has several names for
  // some metrics and lists the bits of a mask one by one: there it is one of that unit, or a part of the mask.
  it.each(logs)('%s damaged in any way neither throws nor invents a value', (_, text) => {
    const whole = read(text);
    const isDocument = text.includes('nvidia_smi_log') || text.includes('NVSMI LOG');
    const known = metrics.map(({ unit }, at) => {
      const alike = (i: number) => i === at || (isDocument && unit !== '' && metrics[i]!.unit === unit);
      return whole.samples.flatMap(({ frame }) =>
        [...frame.values].filter((__, i) => alike(i) && hasValue(frame, i) && frame.derived[i] === 0),
      );
    });
    const isKnown = (at: number, value: number): boolean =>
      known[at]!.includes(value) ||
      (isDocument && metrics[at]!.key === 'throttleReasons' && known[at]!.some((mask) => (mask & value) === value));
    const lines = text.split('\n');
    const at = fc.nat({ max: lines.length - 1 });
    const damage = fc.oneof(
      at.map((i) => (all: string[]) => all.filter((__, k) => k !== i)),
      at.map((i) => (all: string[]) => [...all.slice(0, i), all[i] ?? '', ...all.slice(i)]),
      at.map((i) => (all: string[]) => all.slice(0, i)),
      fc.tuple(at, at).map(([i, k]) => (all: string[]) => {
        const swapped = [...all];
        [swapped[i], swapped[k]] = [all[k] ?? '', all[i] ?? ''];
        return swapped;
      }),
      fc
        .tuple(at, fc.string({ unit: fc.constantFrom('x', '"', ';', '<', '{', '}', ' ', '\\', '\u0000', 'é') }))
        .map(([i, junk]) => (all: string[]) => [...all.slice(0, i), junk, ...all.slice(i)]),
      // within a line, at a place where no number can be torn in two
      fc.tuple(at, fc.nat(), fc.constantFrom('x', '"', '??', 'NaN')).map(([i, n, junk]) => (all: string[]) => {
        const line = all[i] ?? '';
        const gap = [...line.matchAll(/(?<![\d.+-])(?![\d.+-])/g)].map(({ index }) => index);
        const place = gap[n % Math.max(1, gap.length)] ?? line.length;
        return all.with(Math.min(i, all.length - 1), line.slice(0, place) + junk + line.slice(place));
      }),
    );
    fc.assert(
      fc.property(fc.array(damage, { minLength: 1, maxLength: 3 }), (damages) => {
        const damaged = damages.reduce<string[]>((all, one) => (all.length === 0 ? all : one(all)), lines).join('\n');
        for (const { frame } of read(damaged, text).samples) {
          metrics.forEach(({ key }, i) => {
            if (!hasValue(frame, i) || frame.derived[i] === 1) return;
            expect(isKnown(i, frame.values[i]!), `${key} ${frame.values[i]!}`).toBe(true);
          });
        }
      }),
      { numRuns: 300 },
    );
  });

  it('with its columns in another order says the same', () => {
    const swap = (line: string) => {
      const cells = line.split(',');
      return cells.length < 10 ? line : [...cells.slice(0, 2), ...cells.slice(2, -1).reverse(), cells.at(-1)].join(',');
    };
    const text = fixture('hwinfo.csv');
    const byCard = (log: Read) => log.samples.toSorted((a, b) => a.tsMs - b.tsMs || a.gpu.key.localeCompare(b.gpu.key));
    expect(byCard(read(text.split('\r\n').map(swap).join('\r\n')))).toEqual(byCard(read(text)));
  });
});

describe('a date', () => {
  const orders = (...days: readonly (readonly [date: string, time: string])[]) => {
    const survey = createDateSurvey(Date.UTC(2026, 11, 31));
    for (const [date, time] of days) survey.add(date, parseTime(time)!);
    return survey.orders();
  };
  it('is settled by its form, by any row, by the order of the rows, by midnight, or by not being in the future', () => {
    expect(orders(['2026-06-09', '12:00:00'])).toEqual(['ymd']);
    expect(orders(['9.6.2026', '12:00:00'])).toEqual(['dmy']);
    expect(orders(['06/09/2026', '12:00:00'], ['06/13/2026', '12:00:00'])).toEqual(['mdy']);
    expect(orders(['11/06/2026', '12:00:00'], ['02/07/2026', '12:00:00'])).toEqual(['dmy']);
    expect(orders(['06/09/2026', '23:59:59'], ['07/09/2026', '00:00:00'])).toEqual(['dmy']);
    expect(orders(['06/09/2026', '23:59:59'], ['06/10/2026', '00:00:00'])).toEqual(['mdy']);
    expect(orders(['05/05/2026', '12:00:00'])).toEqual(['dmy']);
    const survey = createDateSurvey(Date.UTC(2026, 6, 1));
    survey.add('06/09/2026', 0);
    expect(survey.orders()).toEqual(['mdy']);
  });
  it('that can be read in two ways is left to a person', () => {
    expect(orders(['06/09/2026', '12:00:00'], ['06/09/2026', '12:00:01'])).toEqual(['dmy', 'mdy']);
    expect(orders(['06-09-26', '12:00:00'])).toContain('dmy');
  });
  it('that does not exist is none', () => {
    expect(parseDate('31.2.2026', 'dmy')).toBeUndefined();
    expect(parseDate('2026-13-01', 'ymd')).toBeUndefined();
    expect(parseTime('25:00:00')).toBeUndefined();
    expect(parseTime('12:30:00 AM')).toBe(30 * 60_000);
    expect(parseUtcOffset('+15:00')).toBeUndefined();
    expect(parseUtcOffset('-05:30')).toBe(-330 * 60_000);
  });
});

describe('the hour that the end of summer time repeats', () => {
  const zone = process.env['TZ'];
  afterEach(() => {
    if (zone === undefined) delete process.env['TZ'];
    else process.env['TZ'] = zone;
  });
  it('keeps the order of its rows', () => {
    process.env['TZ'] = 'Europe/Berlin';
    const stamp = createStamps();
    const wall = (time: string) => parseDate('25.10.2026', 'dmy')! + parseTime(time)!;
    const stamps = ['01:59:59', '02:00:00', '02:30:00', '02:59:59', '02:00:00', '02:30:00', '02:59:59', '03:00:00'].map(
      (time) => stamp(wall(time)),
    );
    expect(stamps.map((ms) => (ms - stamps[0]!) / 1000)).toEqual([0, 1, 1801, 3600, 3601, 5401, 7200, 7201]);
  });
});
