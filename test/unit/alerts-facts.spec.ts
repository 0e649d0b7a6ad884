import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createFactReader, type Around, type MachineFacts } from '../../app/alerts/fact-reader.ts';
import { DOES_NOT_APPLY, facts, storedReadingsOf, subjectOf, type FactId, type Seen } from '../../app/alerts/facts.ts';
import { createSlidingSum } from '../../app/alerts/sliding-sum.ts';
import { USUAL, usualOf, type Usual } from '../../app/alerts/usual.ts';
import type { Absence } from '../../app/core/reading.ts';
import type { MetricKey } from '../../app/metrics/metrics.ts';
import { setAbsent, type Frame } from '../../app/metrics/frame.ts';
import type { Tick } from '../../app/telemetry/sampler.ts';
import type { GpuProcess } from '../../app/telemetry/source.ts';
import { frameWith, testGpu, tickWith } from '../support/frames.ts';

const well: MachineFacts = { recordingPaused: false, clockImplausible: false };
const around = (slow: { usual?: Usual; coolingWorseK?: number } = {}, machine: Partial<MachineFacts> = {}): Around => ({
  machine: { ...well, ...machine },
  card: () => slow,
});
type Readings = Partial<Record<MetricKey, number | Absence>>;

/** Reads one fact of the first card, a second per tick. */
function watch(id: FactId, ticks: readonly (Readings | 'gap')[], slow = {}, processes?: GpuProcess[]): Seen[] {
  const reader = createFactReader();
  return ticks.map((readings, i) => {
    const tick = tickWith(1000 * i, readings === 'gap' ? undefined : 1000, [
      frameWith(readings === 'gap' ? {} : readings),
    ]);
    const gpus = tick.gpus.map((sample) => (processes && i === 0 ? { ...sample, processes } : sample));
    return reader.take({ ...tick, gpus }, around(slow)).subjects[1]!.read(id);
  });
}
const times = <T>(value: T, count: number): T[] => Array.from({ length: count }, () => value);
const lostFrame = (code: number): Frame => {
  const frame = frameWith({});
  setAbsent(frame, 'coreTempC', 'lost', code);
  return frame;
};
const nvml = (tick: Tick): Tick => ({ ...tick, source: { kind: 'nvml', label: 'Test', simulated: false } });

describe('the facts', () => {
  it('name the stored readings that give them, or none', () => {
    const given = (Object.keys(facts) as FactId[]).filter((id) => storedReadingsOf(id));
    expect(given).not.toContain('diskFreeMib');
    expect(given).toContain('driverSilent');
    expect(storedReadingsOf('coreTempC')).toEqual(['coreTempC']);
    expect(subjectOf('coreTempC')).toBe('card');
  });

  it('of the machine are not read of a card, and the other way round', () => {
    const { subjects } = createFactReader().take(tickWith(0, 1000, [frameWith({ coreTempC: 50 })]), around());
    expect(subjects.map(({ gpuUuid, gpuName }) => [gpuUuid, gpuName])).toEqual([
      [null, ''],
      [testGpu().uuid, 'Test GPU 0'],
    ]);
    expect(subjects[0]!.read('coreTempC')).toBeUndefined();
    expect(subjects[0]!.limit('tempMaxC')).toBeUndefined();
    expect(subjects[1]!.read('driverSilent')).toBeUndefined();
    expect(subjects[1]!.read('coreTempC')).toBe(50);
    expect(subjects[1]!.read('memTempC')).toBe('unread');
  });

  it('of the machine are what the recorder says', () => {
    const machine = {
      recordingPaused: true,
      clockImplausible: true,
      diskFreeMib: 7,
      energyTodayKwh: 1.5,
      costToday: 0.5,
    };
    const [subject] = createFactReader().take(
      tickWith(0, 1000, [frameWith({ coreTempC: 50 })]),
      around({}, machine),
    ).subjects;
    const ids = ['recordingPaused', 'clockImplausible', 'diskFreeMib', 'energyTodayKwh', 'costToday'] as const;
    expect(ids.map((id) => subject!.read(id))).toEqual([1, 1, 7, 1.5, 0.5]);
    const [other] = createFactReader().take(tickWith(0, 1000, []), around()).subjects;
    expect(ids.map((id) => other!.read(id))).toEqual([0, 0, undefined, undefined, undefined]);
  });

  it('remember the newest limit of a card between two readings of it', () => {
    const reader = createFactReader();
    const limits = [90, 'unread' as const, 88].map((tempMaxC, i) => {
      const frame = frameWith(tempMaxC === 'unread' ? {} : { tempMaxC });
      return reader.take(tickWith(i * 1000, 1000, [frame]), around()).subjects[1]!.limit('tempMaxC');
    });
    expect(limits).toEqual([90, 90, 88]);
  });
});

describe('lost, stalled and silent', () => {
  const GPU_IS_LOST = 15;
  const UNLOADED = 1;
  const stalled = frameWith({ coreTempC: 'stalled' });
  const good = frameWith({ coreTempC: 50 });
  const asleep = frameWith({ coreTempC: 'asleep' });

  /** [driver silent, then lost and stalled of each card] after a good tick. */
  function after(frames: readonly Frame[], change: Partial<Tick> = {}): Seen[] {
    const reader = createFactReader();
    reader.take(
      nvml(
        tickWith(
          0,
          undefined,
          frames.map(() => good),
        ),
      ),
      around(),
    );
    const [machine, ...cards] = reader.take({ ...nvml(tickWith(1000, 1000, frames)), ...change }, around()).subjects;
    return [machine!.read('driverSilent'), ...cards.flatMap((card) => [card.read('gpuLost'), card.read('gpuStalled')])];
  }

  it.each([
    ['all well', [good, good], [0, 0, 0, 0, 0]],
    ['one lost', [good, lostFrame(GPU_IS_LOST)], [0, 0, 0, 1, 0]],
    ['the only one lost, which the driver says', [lostFrame(GPU_IS_LOST)], [0, 1, 0]],
    ['all gone with an unloaded driver', [lostFrame(UNLOADED), lostFrame(UNLOADED)], [1, 0, 0, 0, 0]],
    ['one gone with another code', [good, lostFrame(UNLOADED)], [0, 0, 0, 1, 0]],
    ['one stalled', [good, stalled], [0, 0, 0, 0, 1]],
    ['all stalled', [stalled, stalled], [1, 0, 1, 0, 1]],
    ['the only one awake stalled', [asleep, stalled], [1, 0, 0, 0, 1]],
    ['all asleep', [asleep, asleep], [0, 0, 0, 0, 0]],
  ])('%s', (_, frames, expected) => expect(after(frames)).toEqual(expected));

  it('cards that sleep make no driver silent, whatever else the source reports', () => {
    const fault = { code: 'nvml-gpu-unopened', message: '' };
    expect(after([asleep, asleep], { fault })).toEqual([0, 0, 0, 0, 0]);
  });

  it('a card that is not listed any more is lost; not one of a log, and not the slot of a card that woke', () => {
    const missing = (change: Partial<Tick>, uuid = testGpu(1).uuid): Seen => {
      const reader = createFactReader();
      const both = nvml(tickWith(0, undefined, [good, good]));
      const gpus = both.gpus.map((sample, i) => (i === 1 ? { ...sample, gpu: { ...sample.gpu, uuid } } : sample));
      reader.take({ ...both, gpus, ...change }, around());
      const { subjects } = reader.take({ ...nvml(tickWith(1000, 1000, [good])), ...change }, around());
      return subjects[2]!.read('gpuLost');
    };
    expect(missing({})).toBe(1);
    expect(missing({}, 'PCI-00000000:02:00.0')).toBe(0);
    expect(missing({ source: { kind: 'replay', label: 'Log', simulated: false } })).toBe(0);
  });

  it('a card that an open alert is about is lost until it is seen', () => {
    const reader = createFactReader();
    reader.know(testGpu(1).uuid, 'Old');
    const read = (frames: readonly Frame[]) =>
      reader
        .take(nvml(tickWith(0, 1000, frames)), around())
        .subjects.slice(1)
        .map((card) => [card.gpuName, card.read('gpuLost')]);
    expect(read([good])).toEqual([
      ['Old', 1],
      ['Test GPU 0', 0],
    ]);
    expect(read([good, good])).toEqual([
      ['Test GPU 1', 0],
      ['Test GPU 0', 0],
    ]);
  });

  it.each([
    [{ code: 'nvml-no-gpu', message: '' }, 1],
    [{ code: 'nvml-no-gpu', message: '', level: 'warn' as const }, 0],
    [{ code: 'recording-failed', message: '' }, 0],
    [{ code: 'clock-not-plausible', message: '' }, 0],
    [{ code: 'replay-ended', message: '' }, 0],
    [undefined, 0],
  ])('without any card the driver is silent if the source says why: %j', (fault, silent) => {
    const [machine] = createFactReader().take(
      { ...nvml(tickWith(0, 1000, [])), ...(fault && { fault }) },
      around(),
    ).subjects;
    expect(machine!.read('driverSilent')).toBe(silent);
  });
});

describe('the newest critical Xid', () => {
  const xid = (code: number, tsMs: number, gpuUuid = testGpu().uuid) =>
    ({ gpuUuid, tsMs, kind: 'xid', code, witness: 'nvml' }) as const;
  const HOUR = 3_600_000;

  /** The code after each tick. */
  const codes = (ticks: readonly { atMs: number; events?: ReturnType<typeof xid>[] }[]): Seen[] => {
    const reader = createFactReader();
    let beforeMs = 0;
    return ticks.map(({ atMs, events = [] }) => {
      const tick = tickWith(atMs, atMs - beforeMs, [frameWith({ coreTempC: 50 })]);
      beforeMs = atMs;
      return reader.take({ ...tick, events }, around()).subjects[1]!.read('criticalXid');
    });
  };

  it('counts for an hour', () => {
    const at = 10 * HOUR;
    expect(codes([{ atMs: at, events: [xid(48, at)] }, { atMs: at + HOUR }, { atMs: at + HOUR + 1 }])).toEqual([
      48, 48, 0,
    ]);
  });
  it('is not one that a program causes, nor one of another card', () => {
    expect(codes([{ atMs: 5, events: [xid(13, 5), xid(31, 5), xid(79, 5, 'GPU-other')] }])).toEqual([0]);
  });
  it('is not one from before the last hour that the kernel repeats', () => {
    const at = 10 * HOUR;
    expect(codes([{ atMs: at, events: [xid(79, at - HOUR - 1)] }])).toEqual([0]);
    expect(codes([{ atMs: at, events: [xid(79, at - HOUR)] }])).toEqual([79]);
    expect(codes([{ atMs: at, events: [xid(79, at), xid(48, at - 5000)] }])).toEqual([79]);
    expect(codes([{ atMs: at, events: [xid(79, at), xid(48, at)] }])).toEqual([48]);
  });
});

describe('throttled minutes', () => {
  const HW = 0x40;
  const SW = 0x20;
  const BRAKE = 0x80;
  it('are those of the last 10 or 60, by their own reason', () => {
    const masks = [...times({ throttleReasons: HW }, 301), ...times({ throttleReasons: SW | BRAKE }, 200)];
    expect(watch('hwThermalMin', masks).at(-1)).toBeCloseTo(5, 1);
    expect(watch('swThermalMin', masks).at(-1)).toBeCloseTo(10 / 3, 1);
    expect(watch('powerBrakeMin', masks).at(-1)).toBeCloseTo(10 / 3, 1);
    expect(watch('hwThermalMin', [...masks, ...times({ throttleReasons: 0 }, 600)]).at(-1)).toBeCloseTo(0, 1);
    expect(watch('swThermalMin', [...masks, ...times({ throttleReasons: 0 }, 600)]).at(-1)).toBeCloseTo(10 / 3, 1);
  });
  it('are not known where the card does not say, and gaps add nothing', () => {
    expect(watch('hwThermalMin', times({ coreTempC: 50 }, 3))).toEqual([undefined, undefined, undefined]);
    const gapped = [...times({ throttleReasons: HW }, 61), 'gap' as const, ...times({ throttleReasons: 0 }, 2)];
    expect(watch('hwThermalMin', gapped).at(-1)).toBeCloseTo(1, 5);
  });
});

describe('other facts of a card', () => {
  it('retired pages are the sum of both counters, read together', () => {
    expect(
      watch('retiredPages', [{ retiredPagesSbe: 3, retiredPagesDbe: 4 }, {}, { retiredPagesSbe: 'unsupported' }]),
    ).toEqual([7, 'unread', undefined]);
    expect(watch('retiredPages', [{ retiredPagesSbe: 3, retiredPagesDbe: 'unsupported' }])).toEqual([undefined]);
    expect(watch('retiredPages', [{ retiredPagesSbe: 'failed', retiredPagesDbe: 4 }])).toEqual([undefined]);
  });

  it('the temperature with fans off needs every fan at 0 %', () => {
    const read = (readings: Readings) => watch('coreTempFansOffC', [readings])[0];
    expect(read({ coreTempC: 80, fanPct: 0 })).toBe(80);
    expect(read({ coreTempC: 80, fanPct: 0, fan2Pct: 0 })).toBe(80);
    expect(read({ coreTempC: 80, fanPct: 0, fan2Pct: 30 })).toBe(DOES_NOT_APPLY);
    expect(read({ coreTempC: 80, fanPct: 30 })).toBe(DOES_NOT_APPLY);
    expect(read({ coreTempC: 80 })).toBe('unread');
    expect(read({ coreTempC: 80, fanPct: 'unsupported' })).toBeUndefined(); // a card without a fan
  });

  const model: GpuProcess = { pid: 1, name: 'ollama', type: 'compute', vramBytes: 6e9 };
  it.each([
    [model, 0, 55],
    [model, 2, 55],
    [model, 2.1, DOES_NOT_APPLY],
    [{ ...model, vramBytes: 512 * 2 ** 20 }, 0, 55],
    [{ ...model, vramBytes: 512 * 2 ** 20 - 1 }, 0, DOES_NOT_APPLY],
    [{ ...model, type: 'graphics' as const }, 0, DOES_NOT_APPLY],
    [{ pid: 1, name: 'hidden' }, 0, DOES_NOT_APPLY],
  ])('an idle model is one that %j holds at %d %% load', (process, gpuUtilPct, expected) => {
    const readings = { powerW: 55, gpuUtilPct };
    expect(watch('idleModelW', [readings, readings], {}, [process])).toEqual([expected, expected]);
  });
  it('an idle model is one among other programs', () => {
    const readings = { powerW: 55, gpuUtilPct: 0 };
    const small = { ...model, pid: 2, vramBytes: 1 };
    expect(watch('idleModelW', [readings], {}, [small, model])).toEqual([55]);
    expect(watch('idleModelW', [readings], {}, [])).toEqual([DOES_NOT_APPLY]);
    expect(watch('idleModelW', [{ gpuUtilPct: 90 }], {}, [model])).toEqual([undefined]); // nor that there is none
  });
  it('an idle model is not known where processes, load or power are not', () => {
    expect(watch('idleModelW', [{ powerW: 55, gpuUtilPct: 0 }])).toEqual([undefined]);
    expect(watch('idleModelW', [{ powerW: 55 }], {}, [model])).toEqual([undefined]);
    expect(watch('idleModelW', [{ gpuUtilPct: 0 }], {}, [model])).toEqual([undefined]);
  });

  it('the excess over the usual temperature is that of the means of a minute', () => {
    const usual: Usual = (powerW) => (Math.abs(powerW - 300) < 1 ? 70 : undefined);
    const at = (coreTempC: number) => ({ powerW: 300, coreTempC });
    const seen = watch('aboveUsualK', times(at(78), 90), { usual });
    expect(seen.slice(0, 53)).toEqual(times(undefined, 53)); // less than 54 s of the minute
    expect(seen[53]).toBeCloseTo(8, 9);
    expect(seen.at(-1)).toBeCloseTo(8, 9);
    expect(watch('aboveUsualK', [...times(at(78), 60), at(118)], { usual }).at(-1)).toBeLessThan(9);
    expect(watch('aboveUsualK', times(at(78), 90)).at(-1)).toBeUndefined();
    expect(watch('aboveUsualK', times({ powerW: 200, coreTempC: 78 }, 90), { usual }).at(-1)).toBeUndefined();
  });

  it.each([
    ['a gap', 'gap' as const],
    ['a temperature that is missing', { powerW: 300, coreTempC: 'failed' as const }],
    ['a power that is missing', { powerW: 'failed' as const, coreTempC: 78 }],
    ['a tick that read neither', {}],
  ])('the means of a minute leave out %s', (_, nothing) => {
    const usual: Usual = (powerW) => (Math.abs(powerW - 300) < 1 ? 70 : undefined);
    const at = { powerW: 300, coreTempC: 78 };
    const seen = watch('aboveUsualK', [...times(at, 30), nothing, ...times(at, 28)], { usual });
    expect(seen.at(-1)).toBeCloseTo(8, 9);
  });

  it('worse cooling is what the trend says', () => {
    expect(watch('coolingWorseK', [{}], { coolingWorseK: 4 })).toEqual([4]);
    expect(watch('coolingWorseK', [{}])).toEqual([undefined]);
  });
});

describe('the usual temperature', () => {
  const MINUTE = 60_000;
  const perDay = 1440;
  /** Minutes of so many days: the card works for an hour a day at 300 W, 60 to 79 °C. */
  function days(count: number, minutes = 20) {
    const power = new Float64Array(count * perDay).fill(Number.NaN);
    const temp = new Float64Array(count * perDay).fill(Number.NaN);
    for (let day = 0; day < count; day++)
      for (let i = 0; i < minutes; i++) {
        power[day * perDay + i] = 300 + (i % 3);
        temp[day * perDay + i] = 60 + (i % 20);
      }
    return usualOf(0, MINUTE, power, temp);
  }
  it('is the 95 % quantile of the card at that power', () => {
    expect(days(10)(300)).toBe(78);
    expect(days(10)(305)).toBe(78); // the same bin
    expect(days(10)(350)).toBeUndefined();
  });
  it('is withheld before enough minutes and days were seen', () => {
    expect(days(USUAL.minDays, 18)(300)).toBe(77);
    expect(days(USUAL.minDays - 1, 60)(300)).toBeUndefined();
    expect(days(USUAL.minDays, 17)(300)).toBeUndefined(); // 119 minutes
    expect(days(8, 15)(300)).toBe(74); // 120 minutes
  });
  it('leaves out minutes without a power or a temperature', () => {
    const all = 8 * perDay;
    const power = Float64Array.from({ length: all }, (_, i) => (i % 3 === 0 ? Number.NaN : 300));
    const temp = Float64Array.from({ length: all }, (_, i) => (i % 3 === 1 ? Number.NaN : 60));
    expect(usualOf(0, MINUTE, power, temp)(300)).toBe(60);
    const neverBoth = temp.map((value, i) => (i % 3 === 2 ? Number.NaN : value));
    expect(usualOf(0, MINUTE, power, neverBoth)(300)).toBeUndefined();
  });
});

describe('a sliding sum', () => {
  it('holds what was added within its window, to a sixtieth of it', () => {
    const part = fc.record({ ms: fc.nat(4000), amount: fc.nat(100) });
    fc.assert(
      fc.property(fc.array(part, { maxLength: 200 }), fc.nat(70_000), (parts, restMs) => {
        const sum = createSlidingSum(60_000);
        let atMs = 0;
        const added = parts.map(({ ms, amount }) => {
          sum.add((atMs += ms), amount);
          return { atMs, amount };
        });
        const nowMs = atMs + restMs;
        const within = (windowMs: number) =>
          added.filter((one) => nowMs - one.atMs < windowMs).reduce((total, { amount }) => total + amount, 0);
        const found = sum.sum(nowMs);
        expect(found).toBeGreaterThanOrEqual(within(59_000));
        expect(found).toBeLessThanOrEqual(within(60_001));
      }),
    );
  });
});
