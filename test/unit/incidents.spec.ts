import { describe, expect, it } from 'vitest';
import { createI18n } from '../../app/core/i18n.ts';
import { createEventWatcher, type EventChange } from '../../app/history/events.ts';
import { incidentLines, incidentsIn, incidentTitle, type Incident } from '../../app/history/incident-text.ts';
import { createLastReadings } from '../../app/history/last-readings.ts';
import { absentFrame, type Frame } from '../../app/metrics/frame.ts';
import { createFormatter } from '../../app/metrics/format.ts';
import { shutdownSince } from '../../app/recorder/shutdown-record.ts';
import type { GpuEvent, SourceFault, SourceInfo } from '../../app/telemetry/source.ts';
import { frameWith, testGpu, tickWith } from '../support/frames.ts';
import { openStore } from '../support/store.ts';

const START = Date.UTC(2026, 2, 1, 9);
const { uuid } = testGpu();
const nvml: SourceInfo = { kind: 'nvml', label: 'NVML', simulated: false };
const working = (powerW: number) => frameWith({ powerW, coreTempC: 71, graphicsClockMhz: 2520, gpuUtilPct: 99 });

type Step = Frame | { readonly frame: Frame; readonly events?: readonly GpuEvent[]; readonly fault?: SourceFault };

/** Plays one frame per second. */
function play(steps: readonly Step[], source: SourceInfo = nvml): EventChange[] {
  const watch = createEventWatcher(undefined);
  return steps.flatMap((step, i) => {
    const { frame, ...rest } = 'frame' in step ? step : { frame: step };
    return watch({ ...tickWith(START + i * 1000, i === 0 ? undefined : 1000, [frame]), source, ...rest });
  });
}
const kinds = (changes: readonly EventChange[]) =>
  changes.map(({ kind, fromMs, toMs }) => [kind, (fromMs - START) / 1000, (toMs - START) / 1000]);
const xid = (code: number, tsMs: number): GpuEvent => ({ gpuUuid: uuid, tsMs, kind: 'xid', code, witness: 'kernel' });
const lost = (code: number) => absentFrame('lost', code);

describe('a lost card', () => {
  it.each([15, 16, 28])('is an event with what was seen before it (NVML code %d)', (code) => {
    const found = play([working(520), working(575), lost(code), lost(code)]);
    expect(kinds(found)).toEqual([['lost', 2, 2]]);
    expect(found[0]!.last).toEqual({
      atMs: START + 1000,
      values: { powerW: 575, coreTempC: 71, graphicsClockMhz: 2520, gpuUtilPct: 99 },
      peakW: 575,
      loaded: true,
    });
  });

  it.each([1, 9, 12, 18])('is none where the driver was unloaded or updated (NVML code %d)', (code) =>
    expect(play([working(575), lost(code)])).toEqual([]),
  );

  it('is one event, whoever reports it first', () => {
    const fallen = { frame: working(575), events: [xid(79, START + 1000)] };
    expect(kinds(play([working(575), fallen, lost(15), lost(15)]))).toEqual([['lost', 1, 1]]);
    expect(kinds(play([working(575), lost(15), { frame: lost(15), events: [xid(79, START + 1000)] }]))).toEqual([
      ['lost', 1, 1],
    ]);
  });

  it('is none for an Xid that the kernel remembers from before, for another Xid, and for a card that was never read', () => {
    expect(play([{ frame: working(575), events: [xid(79, START - 1)] }])).toEqual([]);
    expect(play([working(575), { frame: working(575), events: [xid(13, START + 1000)] }])).toEqual([]);
    expect(play([lost(15), lost(15)])).toEqual([]);
  });

  it('is extended while it lasts, and a new one after it was read for a minute', () => {
    const found = play([working(575), ...Array(130).fill(lost(15)), ...Array(70).fill(working(300)), lost(15)]);
    expect(kinds(found)).toEqual([
      ['lost', 1, 1],
      ['lost', 1, 61],
      ['lost', 1, 121],
      ['lost', 1, 130],
      ['lost', 201, 201],
    ]);
  });

  it('of nvidia-smi is one that is missing while the program answers', () => {
    const smi: SourceInfo = { kind: 'nvidia-smi', label: 'nvidia-smi', simulated: false };
    expect(kinds(play([working(575), lost(0)], smi))).toEqual([['lost', 1, 1]]);
    expect(play([working(575), { frame: lost(0), fault: { code: 'x', message: 'silent' } }], smi)).toEqual([]);
  });
});

describe('a reset', () => {
  it('keeps what the card showed before its counters restarted', () => {
    const at = (powerW: number, energyMj: number) => frameWith({ powerW, energyMj, gpuUtilPct: 99 });
    const [reset] = play([at(575, 5000), lost(9), at(20, 100)]);
    expect(reset).toMatchObject({
      kind: 'reset',
      fromMs: START + 2000,
      last: { atMs: START, values: { powerW: 575 } },
    });
  });
});

describe('the last minute of a card', () => {
  it('has the highest power of 60 s, and no value that is older', () => {
    const last = createLastReadings();
    expect(last.result()).toBeUndefined();
    last.note(START, frameWith({ powerW: 600, memTempC: 90, gpuUtilPct: 99 }));
    last.note(START + 1, frameWith({ powerW: 580, gpuUtilPct: 99 }));
    for (let s = 1; s <= 60; s++) last.note(START + s * 1000, frameWith({ powerW: 500, gpuUtilPct: 99 }));
    expect(last.result()).toMatchObject({ peakW: 600, values: { memTempC: 90 } });
    last.note(START + 60_001, frameWith({ powerW: 500, gpuUtilPct: 99 }));
    expect(last.result()).toMatchObject({ peakW: 580, atMs: START + 60_001 });
    expect(last.result()!.values).not.toHaveProperty('memTempC');
    last.note(START + 70_000, absentFrame('lost', 15)); // says nothing
    expect(last.result()!.atMs).toBe(START + 60_001);
  });

  it.each([
    [{ gpuUtilPct: 15 }, true],
    [{ gpuUtilPct: 14, powerW: 400, powerLimitW: 450 }, false],
    [{ powerW: 225, powerLimitW: 450 }, true],
    [{ powerW: 224, powerLimitW: 450 }, false],
    [{ powerW: 400 }, false],
  ])('shows work by utilisation, else by power: %j is %s', (readings, loaded) => {
    const last = createLastReadings();
    last.note(START, frameWith(readings));
    expect(last.result()!.loaded).toBe(loaded);
  });
});

const t = createI18n('en').t;
const format = createFormatter('en', { temperatureUnit: 'C', currency: 'EUR' });

describe('events on record', () => {
  it('say how often something happened to a card, and between which powers', () => {
    const { store } = openStore();
    store.append(tickWith(START - 60_000, undefined, [working(100), working(100)]));
    const stop = (atMs: number, powerW: number, index = 0) =>
      store.recordEvent({
        uuid: testGpu(index).uuid,
        kind: 'stopped',
        fromMs: atMs,
        toMs: atMs + 60_000,
        detail: 'no-shutdown',
        last: { atMs, values: { powerW, coreTempC: 71 }, peakW: powerW + 10, loaded: true },
      });
    stop(START, 575);
    stop(START + 1000, 540);
    stop(START + 1500, 300, 1); // another card
    stop(START + 2000, 560);
    stop(START + 2000, 560); // the same one again
    const incidents = incidentsIn(store.events.incidents(10));
    expect(incidents.map(({ gpuUuid, times }) => [gpuUuid!.at(-1), times])).toEqual([
      ['0', { count: 3, lowW: 540, highW: 575 }],
      ['1', { count: 1, lowW: 300, highW: 300 }],
      ['0', { count: 2, lowW: 540, highW: 575 }],
      ['0', { count: 1, lowW: 575, highW: 575 }],
    ]);
    const words = [incidentTitle(t, incidents[0]!, 'RTX'), ...incidentLines(t, format, incidents[0]!)].join(' ');
    expect(words).toContain('The machine stopped without a shutdown. In its last sample RTX was working.');
    expect(words).toContain('560');
    expect(words).toContain('highest power in the minute before 570');
    expect(words).toContain('3 on record for this card, always at 540');
    expect(words).toContain('started again 1 min later');
    expect(words).toContain('A power failure, a kernel crash, a freeze and the reset button look the same');
  });

  it('keep other events as they were', () => {
    const { store } = openStore();
    store.append({ ...tickWith(START, undefined, [working(100)]), source: { ...nvml, driverVersion: '575.1' } });
    expect(store.events.between(START, START + 1)).toMatchObject([
      { kind: 'driver', detail: '575.1', last: null, times: null },
    ]);
    expect(store.events.incidents(10)).toEqual([]);
  });

  it('claim no more than is known', () => {
    const event = { id: 1, gpuUuid: uuid, fromMs: START, toMs: START, last: null, times: null };
    const title = (kind: Incident['kind'], detail: string) => incidentTitle(t, { ...event, kind, detail }, 'RTX');
    expect(title('stopped', 'unknown')).toContain('Whether it was shut down is not known');
    expect(title('lost', 'driver')).toBe('The driver lost RTX.');
    for (const [kind, detail] of [
      ['stopped', 'unknown'],
      ['stopped', 'no-shutdown'],
      ['lost', ''],
      ['reset', ''],
    ] as const)
      expect(title(kind, detail)).not.toMatch(/power (loss|was lost)|lost power/i);
  });
});

describe('the system’s record of shutdowns', () => {
  const record = (type: number, user: string, tsMs: number): Buffer => {
    const bytes = Buffer.alloc(384); // struct utmp of utmp(5) on x86
    bytes.writeUInt16LE(type, 0);
    bytes.write(user, 44, 'latin1');
    bytes.writeInt32LE(tsMs / 1000, 340);
    return bytes;
  };
  const boot = (tsMs: number) => record(2, 'reboot', tsMs);
  const shutdown = (tsMs: number) => record(1, 'shutdown', tsMs);
  const login = (tsMs: number) => record(7, 'person', tsMs);

  it.each([
    [
      'a start without a shutdown',
      [boot(START - 9e6), login(START - 8e6), boot(START + 60_000)],
      { recorded: 'none', startedMs: START + 60_000 },
    ],
    [
      'a shutdown, then a start',
      [boot(START - 9e6), shutdown(START + 2000), boot(START + 60_000)],
      { recorded: 'shutdown' },
    ],
    [
      'a shutdown that was stamped just before the last sample',
      [shutdown(START - 5000), boot(START + 60_000)],
      { recorded: 'shutdown' },
    ],
    [
      'an older shutdown',
      [shutdown(START - 6000), boot(START + 60_000)],
      { recorded: 'none', startedMs: START + 60_000 },
    ],
    [
      'a stop, and a shutdown of the next boot',
      [boot(START + 60_000), shutdown(START + 90_000), boot(START + 99_000)],
      { recorded: 'none', startedMs: START + 60_000 },
    ],
    ['nothing since', [boot(START - 9e6), login(START + 1000)], { recorded: 'unknown' }],
    [
      'a change of the run level',
      [record(1, 'runlevel', START + 1000), boot(START + 60_000)],
      { recorded: 'none', startedMs: START + 60_000 },
    ],
    ['nothing at all', [], { recorded: 'unknown' }],
  ])('with %s', (_, records, expected) => expect(shutdownSince(Buffer.concat(records), START)).toEqual(expected));

  it('is read to its last whole record', () =>
    expect(shutdownSince(Buffer.concat([boot(START + 60_000), Buffer.alloc(100)]), START).recorded).toBe('none'));
});
