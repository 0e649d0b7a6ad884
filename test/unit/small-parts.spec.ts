import { joined } from '../../app/core/format.ts';
import fc from 'fast-check';
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { createFormatter } from '../../app/metrics/format.ts';
import { stretches } from '../../app/history/segments.ts';
import { createI18n } from '../../app/core/i18n.ts';
import { metrics } from '../../app/metrics/metrics.ts';
import { readingStates } from '../../app/core/reading.ts';
import { scaleAround, scaleOf } from '../../app/core/scale.ts';
import { defaultSettings, settingsSchema } from '../../app/settings/settings.ts';
import { readRecording, recordingHeader, recordingLine } from '../../app/telemetry/replay/recording.ts';
import { openReplay } from '../../app/telemetry/replay/source.node.ts';
import { gapReasons } from '../../app/telemetry/sampler.ts';
import { parseSourceSpec } from '../../app/telemetry/sources.ts';
import { statusOf } from '../../app/telemetry/status.ts';
import { leadingCause, throttleReasons } from '../../app/metrics/throttle-reasons.ts';
import { csvDecoder } from '../../app/telemetry/logs/csv-row.ts';
import { readingOf } from '../../app/metrics/frame.ts';
import { drawTrayIcon, TRAY_ICON_SIZE } from '../../main/tray-icon.ts';
import { createRing } from '../../renderer/live/ring.ts';
import { createTestClock } from '../support/clock.ts';
import { temporaryFolder } from '../support/folders.ts';
import { frameWith, testGpu } from '../support/frames.ts';

describe('--source', () => {
  it('reads every form of the manual', () => {
    const parsed = (text: string) => {
      const spec = parseSourceSpec(text);
      return spec.ok ? spec.value : spec.error.code;
    };
    expect(parsed('auto')).toEqual({ kind: 'auto' });
    expect(parsed('nvml')).toEqual({ kind: 'nvml' });
    expect(parsed('nvml:/opt/libnvidia-ml.so')).toEqual({ kind: 'nvml', library: '/opt/libnvidia-ml.so' });
    expect(parsed('nvidia-smi')).toEqual({ kind: 'nvidia-smi' });
    expect(parsed('replay:C:\\logs\\a.csv')).toEqual({ kind: 'replay', file: 'C:\\logs\\a.csv' });
    expect(parsed('simulator')).toEqual({ kind: 'simulator', count: 1 });
    expect(parsed('simulator:8')).toEqual({ kind: 'simulator', count: 8 });
  });

  it.each(['', 'nvmll', 'replay', 'replay:', 'simulator:0', 'simulator:65', 'simulator:1.5', 'simulator:x', 'auto:x'])(
    'refuses %j and says what is possible',
    (text) => {
      const spec = parseSourceSpec(text);
      expect(spec.ok).toBe(false);
      if (!spec.ok) expect(spec.error.next).toContain('simulator[:N]');
    },
  );
});

describe('the words', () => {
  const { t, exists } = createI18n('en');
  it('are there for every state, cause, gap, rule and metric', () => {
    const keys = [
      ...readingStates
        .filter((state) => state !== 'value')
        .flatMap((state) => [`state.${state}`, `state.because.${state}`, `status.${state}`]),
      ...throttleReasons.map(({ cause }) => `cause.${cause}`),
      ...gapReasons.map((reason) => `gap.${reason}`),
      ...metrics.map(({ key }) => `metric.${key}`),
      ...['slowedByHeat', 'slowedByBrake', 'slowed', 'powerLimited', 'working', 'idle'].map((key) => `status.${key}`),
    ];
    for (const key of keys) expect(exists(key), key).toBe(true);
  });

  it('fall back to English for a language that is not there', () => {
    expect(createI18n('it').t('nav.live')).toBe(t('nav.live'));
  });
});

describe('the status of a GPU', () => {
  it('names heat before the power cap, and an unclear slowdown by its name', () => {
    expect(leadingCause(0x4 | 0x20)).toBe('heat');
    expect(leadingCause(0x8)).toBe('unclear');
    expect(leadingCause(0)).toBeUndefined();
    expect(statusOf(frameWith({ coreTempC: 90, throttleReasons: 0x44 }), 93)).toEqual({
      key: 'slowedByHeat',
      marginK: 3,
      level: 'act',
    });
  });

  it('has no margin on a card that reports no limit', () => {
    expect(statusOf(frameWith({ coreTempC: 50, gpuUtilPct: 0 }), undefined)).toEqual({
      key: 'idle',
      marginK: undefined,
      level: 'quiet',
    });
  });

  it('is the reason for an absent temperature', () => {
    expect(statusOf(frameWith({ coreTempC: 'asleep' }), 93)).toEqual({
      key: 'asleep',
      marginK: undefined,
      level: 'absent',
    });
    expect(statusOf(frameWith({ coreTempC: 'lost' }), 93).level).toBe('act');
  });
});

describe('settings', () => {
  it('have a default for every field', () => expect(settingsSchema.parse({})).toEqual(defaultSettings));
  it('refuse what would stop the monitor', () => {
    for (const bad of [
      { intervalMs: 0 },
      { intervalMs: 60_000 },
      { retentionDays: 0 },
      { currency: 'euro' },
      { pricePerKwh: -101 },
    ]) {
      expect(settingsSchema.safeParse(bad).success, JSON.stringify(bad)).toBe(false);
    }
  });
});

describe('numbers for people', () => {
  const format = createFormatter('en-US', { temperatureUnit: 'C', currency: 'EUR' });
  const fahrenheit = createFormatter('en-US', { temperatureUnit: 'F', currency: 'USD' });
  it('convert a temperature, and a difference without the offset', () => {
    expect(fahrenheit.temperature(100)).toEqual({ text: '212', unit: '°F' });
    expect(fahrenheit.kelvins(10)).toEqual({ text: '18', unit: '°F' });
    expect(format.kelvins(10)).toEqual({ text: '10', unit: 'K' });
  });
  it('choose the unit of energy and time by size', () => {
    expect(format.energy(100)).toEqual({ text: '100', unit: 'J' });
    expect(format.energy(3599)).toEqual({ text: '3.60', unit: 'kJ' });
    expect(format.energy(36_000)).toEqual({ text: '10.0', unit: 'Wh' });
    expect(format.energy(3.6e7)).toEqual({ text: '10.0', unit: 'kWh' });
<<<<<<< HEAD
    expect([300, 949, 950, 61_000, 3_720_000, 200_000_000].map(format.duration)).toEqual([
      '0.3 s',
      '0.9 s',
=======
    // below ten seconds to a tenth: half a second is neither 0 s nor 1 s
    expect([0, 40, 540, 960, 2290, 2000, 9940, 9960, 10_400].map(format.duration)).toEqual([
      '0 s',
      '0 s',
      '0.5 s',
>>>>>>> numbers
      '1 s',
      '2.3 s',
      '2 s',
      '9.9 s',
      '10 s',
      '10 s',
    ]);
    expect([61_000, 3_720_000, 200_000_000].map(format.duration)).toEqual(['1 min 1 s', '1 h 2 min', '2 d 7 h']);
    expect([600_000, 7_200_000, 259_200_000].map(format.duration)).toEqual(['10 min', '2 h', '3 d']);
  });

  it('give the energy of one output in joules, by size', () => {
    expect([0.0312, 999, 1000, 11_000, 1e6].map((value) => joined(format.joules(value)))).toEqual([
      '0.0312 J',
      '999 J',
      '1.00 kJ',
      '11.0 kJ',
      '1.00 MJ',
    ]);
  });

  it.each([
    ['EUR', ['€0.10', '9.99 ct', '0.034 ct', '€0.00']],
    ['USD', ['$0.10', '9.99 ¢', '0.034 ¢', '$0.00']],
    ['GBP', ['£0.10', '9.99 p', '0.034 p', '£0.00']],
    ['CHF', ['CHF\u00a00.10', 'CHF\u00a00.0999', 'CHF\u00a00.00034', 'CHF\u00a00.00']], // no common sign
  ])('give small amounts of %s in hundredths where these have a sign', (currency, said) => {
    const { money } = createFormatter('en', { temperatureUnit: 'C', currency });
    expect([0.1, 0.0999, 0.00034, 0].map(money)).toEqual(said);
  });
  it('show two significant digits of what is modelled', () => {
    expect([0.0001234, 0.555, 5.46, 123].map((value) => format.significant(value))).toEqual([
      '0.00012',
      '0.56',
      '5.5',
      '120',
    ]);
  });
});

describe('an axis', () => {
  it('spans its values on round numbers', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 1 }), (values) => {
        const scale = scaleAround(values)!;
        expect(scale.low).toBeLessThanOrEqual(Math.min(...values) + 1e-6);
        expect(scale.high).toBeGreaterThanOrEqual(Math.max(...values) - 1e-6);
        expect(scale.ticks.length).toBeLessThanOrEqual(8);
      }),
    );
  });
  it('is not made up when there is no value', () => {
    expect(scaleAround([Number.NaN])).toBeUndefined();
    expect(scaleOf('W', null, null)).toBeUndefined();
  });
  it.each(['%', 'W', 'B'])('of a reading in %s never goes below zero, even when it stands still', (unit) => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 100, noNaN: true }),
        fc.double({ min: 0, max: 100, noNaN: true }),
        (a, b) => {
          const scale = scaleOf(unit, Math.min(a, b), Math.max(a, b))!;
          expect(scale.low).toBe(0);
          expect(scale.high).toBeGreaterThanOrEqual(Math.max(a, b));
          if (unit === '%') expect(scale.high).toBe(100);
        },
      ),
    );
  });
  it('has a level line in its middle', () => expect(scaleOf('°C', 60, 60)).toMatchObject({ low: 59, high: 61 }));
});

describe('a line over time', () => {
  const { NaN: none } = Number;
  it('bridges empty buckets that are shorter than a gap, and breaks at a gap', () => {
    expect(stretches([1, none, 2, none, 3], 1000)).toEqual([[0, 2, 4]]);
    expect(stretches([1, ...Array.from({ length: 11 }, () => none), 3], 1000)).toEqual([[0], [12]]);
    expect(stretches([1, none, 3], 60_000)).toEqual([[0], [2]]);
    expect(stretches([none], 1000)).toEqual([]);
  });
});

describe('the strip’s memory', () => {
  it('keeps the newest minutes in order, and a gap as a gap', () => {
    const ring = createRing(1, 60_000);
    for (let i = 0; i <= 200; i++) ring.push(i * 1000, [i], i === 190);
    const { times, values } = ring.read();
    expect(times.at(-1)).toBe(200_000);
    expect(times[0]!).toBeGreaterThanOrEqual(100_000);
    expect(times.every((time, i) => i === 0 || time > times[i - 1]!)).toBe(true);
    expect(values[0]![times.indexOf(189_999)]).toBeNull();
  });
  it('ignores a clock that was set back until it has caught up', () => {
    const ring = createRing(1, 60_000);
    ring.push(10_000, [1], false);
    ring.push(5_000, [2], false);
    ring.push(11_000, [undefined], false);
    expect(ring.read()).toEqual({ times: [10_000, 11_000], values: [[1, null]] });
  });
});

describe('the tray icon', () => {
  it('differs by shape for each state, without colour', () => {
    const shapes = (['ok', 'warn', 'act', 'unknown'] as const).map((state) => {
      const pixels = drawTrayIcon('67', state);
      const brightness = Array.from({ length: TRAY_ICON_SIZE ** 2 }, (_, i) =>
        pixels[i * 4 + 3] === 0 ? '.' : pixels[i * 4]! + pixels[i * 4 + 1]! + pixels[i * 4 + 2]! > 380 ? 'x' : 'o',
      );
      return brightness.join('');
    });
    expect(new Set(shapes).size).toBe(4);
  });
  it('has room for three digits', () => {
    expect(drawTrayIcon('100', 'ok')).toHaveLength(TRAY_ICON_SIZE ** 2 * 4);
    expect(drawTrayIcon('212', 'act')).not.toEqual(drawTrayIcon('21', 'act'));
  });
});

describe('a CSV of nvidia-smi', () => {
  it('is read by its header, with units from header or cell', () => {
    const decoder = csvDecoder(
      'timestamp, uuid, temperature.gpu, power.draw [W], clocks.current.sm [MHz], clocks_event_reasons.active, what.is.this',
    );
    if (!decoder.ok) throw new Error(decoder.error.message);
    const row = decoder.value.row(
      '2023/12/18 17:01:44.300, GPU-1, 32, 46.19 W, [Unknown Error], 0x0000000000000004, x',
    )!;
    expect(row.uuid).toBe('GPU-1');
    expect(row.time).toBe('2023/12/18 17:01:44.300');
    expect(readingOf(row.frame, 'coreTempC')).toMatchObject({ value: 32 });
    expect(readingOf(row.frame, 'powerW')).toMatchObject({ value: 46.19 });
    expect(readingOf(row.frame, 'smClockMhz').state).toBe('failed');
    expect(readingOf(row.frame, 'throttleReasons')).toMatchObject({ value: 4 });
    expect(readingOf(row.frame, 'memTempC').state).toBe('unreported');
    expect(decoder.value.row('only, two')).toBeUndefined();
  });
  it('with no known field is refused with the command that makes one', () => {
    const decoder = csvDecoder('a,b,c');
    expect(decoder.ok).toBe(false);
    if (!decoder.ok) expect(decoder.error.next).toContain('--query-gpu');
  });
});

describe('a recording of our own', () => {
  it('gives back the readings that were written', () => {
    const frame = frameWith({ coreTempC: 67.5, powerW: 312.401, memTempC: 'unsupported', fanPct: 'lost' });
    const gpu = testGpu();
    const text = [
      recordingHeader([gpu], '575.1'),
      recordingLine({ tsMs: 1000, gpus: [{ gpu, frame }] }),
      'torn li',
      '',
    ].join('\n');
    const recording = readRecording(text, 'x');
    if (!recording.ok) throw new Error(recording.error.message);
    expect(recording.value).toMatchObject({ driverVersion: '575.1', unreadable: 1 });
    expect(recording.value.samples[0]).toEqual({ tsMs: 1000, gpus: [{ gpu, frame }] });
  });
  it.each([
    ['GPU-x', Date.UTC(2026, 5, 9), false, Date.UTC(2026, 5, 9)],
    ['SIM-0001-00', Date.UTC(2026, 5, 9), true, Date.UTC(2026, 5, 9)],
    ['GPU-x', 5000, false, Date.UTC(2026, 0, 15, 12)], // since its start: it plays from now on
  ])('of %s at %d is simulated: %s, and plays from %d', async (uuid, tsMs, simulated, fromMs) => {
    const file = path.join(temporaryFolder(), 'x.jsonl');
    const gpu = { ...testGpu(), uuid };
    const line = (ms: number) => recordingLine({ tsMs: ms, gpus: [{ gpu, frame: frameWith({ coreTempC: 60 }) }] });
    fs.writeFileSync(file, [recordingHeader([gpu]), line(tsMs), line(tsMs + 1000), ''].join('\n'));
    const clock = createTestClock();
    const opened = await openReplay({ clock, file, speed: 1 });
    if (!opened.ok) throw new Error(opened.error.message);
    expect(opened.value.info()).toMatchObject({ kind: 'replay', simulated });
    const first = opened.value.read(0);
    await clock.advance(0);
    expect((await first).tsMs).toBe(fromMs);
    const second = opened.value.read(0);
    await clock.advance(1000);
    expect((await second).tsMs).toBe(fromMs + 1000);
    await opened.value.close();
  });
  it('that holds nothing, or is something else, is refused', () => {
    for (const text of ['', '{"format":"other"}', recordingHeader([testGpu()]), 'no,known,field\n1,2,3', '<html/>']) {
      expect(readRecording(text, 'x').ok, text).toBe(false);
    }
  });
});
