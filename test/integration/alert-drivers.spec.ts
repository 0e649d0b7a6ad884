import { describe, expect, it, onTestFinished } from 'vitest';
import { createI18n } from '../../app/core/i18n.ts';
import type { StoredAlert } from '../../app/alerts/schema.ts';
import { alertAdvice, alertSubject, alertTitle } from '../../app/alerts/text.ts';
import { createFormatter } from '../../app/metrics/format.ts';
import { createFrame } from '../../app/metrics/frame.ts';
import type { Cadence } from '../../app/metrics/metrics.ts';
import { loadLibrary } from '../../app/telemetry/nvml/library.node.ts';
import { createReader } from '../../app/telemetry/nvml/reader.ts';
import type { GpuEvent, GpuSample } from '../../app/telemetry/source.ts';
import { alertSettingsWith } from '../support/alert-world.ts';
import { monthGpu, playMonth, type Surroundings } from '../support/alert-month.ts';
import { compileMock, controlMock } from '../support/mock-nvml.ts';

// Every rule at its own hold time: the real reader on the stand-in driver, a second of simulated time per tick, the real
// pipeline and a real history.
const { t } = createI18n('en');
const format = createFormatter('en', { temperatureUnit: 'C', currency: 'EUR' });
const START = Date.UTC(2026, 2, 1, 12);

/** What a person reads about an alert. */
const textOf = (alert: StoredAlert): string => `${alertSubject(t, alert)}: ${alertTitle(t, format, alert)}`;

/** One card of the stand-in driver, read a second apart. */
function openCard(lines: readonly string[], surroundings: Surroundings = {}, startMs = START) {
  const control = controlMock('set -1 count 1', ...lines);
  const loaded = loadLibrary(compileMock());
  if (!loaded.ok) throw new Error(loaded.error.message);
  const reader = createReader(loaded.value, 8);
  const { gpus } = reader.open();
  onTestFinished(() => {
    reader.close();
    loaded.value.unload();
  });
  const month = playMonth(startMs, alertSettingsWith({}), 1000, surroundings);
  let second = -1;

  function sample(): { gpus: GpuSample[]; events: GpuEvent[] } {
    second++;
    const due: Cadence[] = [
      'tick',
      ...(second % 5 === 0 ? ['slow' as const] : []),
      ...(second % 60 === 0 ? ['rare' as const] : []),
    ];
    const frame = createFrame();
    reader.read(0, due, frame);
    const gpu = gpus[0]!.identity;
    const { tsMs } = month.now();
    const events = reader
      .events()
      .map(({ xid }) => ({ gpuUuid: gpu.uuid, tsMs: tsMs + 1000, kind: 'xid', code: xid, witness: 'nvml' }) as const);
    return { gpus: [{ gpu, frame, ...(due.includes('slow') && { processes: reader.processes(0) }) }], events };
  }
  /** Plays seconds. Answers "second text" of each message and each end. */
  function play(seconds: number, eachSecond: (second: number) => void = () => undefined): string[] {
    return Array.from({ length: seconds }, () => 0).flatMap(() => {
      eachSecond(second + 1);
      const { gpus: samples, events } = sample();
      const { told, cleared } = month.take(samples, events);
      for (const alert of told) expect(alertAdvice(t, alert)).toMatch(/^[A-Z].{20,}\.$/);
      return [
        ...told.map((alert) => `${second} s: ${textOf(alert)}`),
        ...cleared.map((alert) => `${second} s: over: ${alert.rule}`),
      ];
    });
  }
  return { play, set: (...now: readonly string[]) => control.set('set -1 count 1', ...now), month };
}

/** The name of the only card of the stand-in driver. */
const CARD = 'Mock GPU 0 (GPU 0)';
const GEFORCE = 'NVIDIA GeForce RTX 3090 (GPU 0)';
const A100 = 'NVIDIA A100-SXM4-40GB (GPU 0)';
const T4 = 'Tesla T4 (GPU 0)';

describe('on the stand-in driver, at the hold time of each rule', () => {
  /** [what the driver says, seconds to play, which messages come and when, seconds without it until it is over, the rule] */
  it.each([
    ['a lost GPU', ['code 0 * 15'], 12, [`11 s: ${CARD}: GPU lost`], 60, 'gpu-lost'],
    [
      'a card at its slowdown limit',
      ['profile 0 geforce', 'set 0 temp 95'],
      8,
      [`6 s: ${GEFORCE}: Core at its slowdown limit (95 °C)`],
      30,
      'core-at-slowdown',
    ],
    [
      'a card near it',
      ['profile 0 geforce', 'set 0 temp 93'],
      33,
      [`31 s: ${GEFORCE}: Core near its slowdown limit (93 °C or more)`],
      30,
      'core-near-slowdown',
    ],
    [
      'hot memory',
      ['profile 0 a100', 'set 0 field_82 95'],
      33,
      [`31 s: ${A100}: Memory at its limit (95 °C)`],
      60,
      'memory-at-limit',
    ],
    [
      'fans at 0 % while hot',
      ['profile 0 geforce', 'set 0 fan 0', 'set 0 temp 76'],
      63,
      [`65 s: ${GEFORCE}: Fans at 0 % while the core is at 76 °C`],
      60,
      'fans-off-hot',
    ],
    [
      'uncorrectable ECC errors',
      ['profile 0 a100', 'set 0 ecc_1_0 3'],
      60,
      [`60 s: ${A100}: Uncorrectable memory errors: 3`],
      60,
      'ecc-uncorrected',
    ],
    [
      'a pending remapping',
      ['profile 0 a100', 'set 0 field_144 1'],
      60,
      [`60 s: ${A100}: A memory row waits to be replaced`],
      60,
      'remap-pending',
    ],
    [
      'a failed remapping, which is not also a pending one',
      ['profile 0 a100', 'set 0 field_145 1', 'set 0 field_144 1'],
      60,
      [`60 s: ${A100}: A memory row could not be replaced`],
      60,
      'remap-failed',
    ],
    [
      'many retired pages',
      ['profile 0 t4', 'set 0 field_29 40', 'set 0 field_30 22'],
      60,
      [`60 s: ${T4}: 62 memory pages retired`],
      60,
      'pages-retired',
    ],
    [
      'a page that waits to be retired',
      ['profile 0 t4', 'set 0 field_31 1'],
      60,
      [`60 s: ${T4}: A memory page waits to be retired`],
      60,
      'pages-pending',
    ],
  ] as const)(
    '%s alerts once, with a remedy, and is over when it is gone',
    (_, lines, seconds, expected, clearS, rule) => {
      const profile = lines.filter((line) => line.startsWith('profile'));
      const { play, set } = openCard(profile);
      expect(play(1)).toEqual([]);
      set(...lines);
      const told = play(seconds + 5);
      expect(told).toEqual(expected);
      set(...profile);
      const over = play(clearS + 125).filter((text) => text.endsWith(rule));
      expect(over).toHaveLength(1);
    },
  );

  it('a critical Xid alerts with its name, and is over an hour later', () => {
    const { play, set } = openCard(['profile 0 a100']);
    play(2);
    set('profile 0 a100', 'event 0 XID 48');
    expect(play(20)).toEqual([
      expect.stringMatching(`: ${A100.replace(/[()]/g, '\\$&')}: Critical driver error Xid 48: Double-bit ECC error$`),
    ]);
    expect(play(3600)).toEqual([expect.stringMatching('over: xid-critical$')]);
  });

  it('5 minutes of hardware throttling by heat within 10 alert', () => {
    const { play, set } = openCard(['set 0 field_270 none', 'set 0 reasons 0x40']);
    expect(play(299)).toEqual([]);
    expect(play(12)).toEqual([
      expect.stringMatching(
        `: ${CARD.replace(/[()]/g, '\\$&')}: Throttled by hardware because of heat for 5 min of the last 10 min$`,
      ),
    ]);
    set('set 0 field_270 none', 'set 0 reasons 0');
    expect(play(900)).toEqual([expect.stringMatching('over: hw-thermal$')]);
  });

  it('30 minutes of throttling by the driver because of heat within an hour alert', () => {
    const { play } = openCard(['set 0 field_269 none', 'set 0 reasons 0x20']);
    expect(play(1799)).toEqual([]);
    expect(play(60)).toEqual([expect.stringMatching('Throttled by heat for 30 min of the last hour$')]);
  });

  it('a minute of power brake alerts, by the card’s own counter', () => {
    const { play, set } = openCard([]);
    const told = play(100, (second) => set(`set 0 field_271 ${second * 1e9}`)); // ns
    expect(told).toEqual([expect.stringMatching('Throttled by the power supply for 1 min of the last hour$')]);
  });

  it('a model that idles for two hours alerts with its power', () => {
    const idle = ['set 0 gpu_util 0', 'set 0 process_pid 4000', 'set 0 power_mw 55000', 'set 0 reasons 1'];
    const { play } = openCard(idle);
    expect(play(7190)).toEqual([]);
    expect(play(30)).toEqual([expect.stringMatching('An idle model uses 55 W$')]);
  });
});

describe('on a computer with a problem', () => {
  const well = ['set 0 temp 50'];

  it('a disk that fills up alerts with what is left', () => {
    let freeMib = 600;
    const { play } = openCard(well, { live: true, diskFreeMib: () => freeMib });
    expect(play(70)).toEqual([]);
    freeMib = 480;
    expect(play(70)).toEqual(['130 s: This computer: Disk almost full: 480 MiB free']);
    freeMib = 601;
    expect(play(62)).toEqual(['200 s: over: disk-low']);
  });

  it('a recording that pauses alerts though nothing can be written, and the alert is written afterwards', () => {
    let paused = false;
    const fault = { code: 'recording-failed', message: 'The disk is full.' };
    const { play, month } = openCard(well, { paused: () => (paused ? fault : undefined) });
    play(5);
    paused = true;
    expect(play(20)).toEqual(['15 s: This computer: Recording is paused']);
    expect(month.store.alerts.newest(5)).toEqual([]);
    paused = false;
    expect(play(20)).toEqual(['35 s: over: recording-paused']);
    expect(month.store.alerts.newest(5)).toMatchObject([{ rule: 'recording-paused', firedMs: START + 16_000 }]);
  });

  it('a clock that cannot be right alerts after a minute', () => {
    const { play } = openCard(well, { live: true }, Date.UTC(1970, 0, 1));
    expect(play(70)).toEqual(['60 s: This computer: The clock of this computer is not plausible']);
  });

  it('worse cooling and unusual heat alert with how much hotter the card runs', () => {
    const slow = { card: () => ({ coolingWorseK: 6, usual: () => 52 }), today: () => ({}) };
    const { play } = openCard(['set 0 temp 60', 'set 0 power_mw 250000'], { slowFacts: slow });
    expect(play(680).map((text) => text.replace(/^\d+ s: /, ''))).toEqual([
      `${CARD}: Cooling is worse than in the baseline: 6 K hotter`,
      `${CARD}: 8 K hotter than usual at this power`,
    ]);
  });
});

describe('a card that is missing after a restart', () => {
  const WELL = { coreTempC: 50 };
  const begin = () => {
    const month = playMonth(START, alertSettingsWith({}), 1000, { live: true });
    const play = (cards: number, seconds: number): string[] =>
      Array.from({ length: seconds }, () => month.tick(Array(cards).fill(WELL))).flatMap(({ told, cleared }) => [
        ...told.map(textOf),
        ...cleared.map(({ rule }) => `over: ${rule}`),
      ]);
    expect(play(2, 3)).toEqual([]);
    month.restart(600_000);
    return { month, play };
  };
  const LOST = 'Test GPU 1 (GPU 1): GPU lost';

  it('alerts once, also after more restarts, until it is back', () => {
    const { month, play } = begin();
    expect(play(1, 15)).toEqual([LOST]);
    month.restart(600_000);
    expect(play(1, 15)).toEqual([]);
    expect(month.firing()).toMatchObject([{ rule: 'gpu-lost', gpuUuid: monthGpu(1) }]);
    expect(play(2, 62)).toEqual(['over: gpu-lost']);
  });

  it('was removed if its owner acknowledges that: the alert ends at the next start and does not come back', () => {
    const { month, play } = begin();
    expect(play(1, 15)).toEqual([LOST]);
    expect(month.acknowledge({ gpuUuid: monthGpu(1), rule: 'gpu-lost' })).toBe(true);
    expect(play(1, 90)).toEqual([]);
    month.restart(600_000);
    expect(play(1, 1)).toEqual(['over: gpu-lost']);
    expect(play(1, 60)).toEqual([]);
    month.restart(600_000);
    expect(play(1, 60)).toEqual([]);
    expect(month.firing()).toEqual([]);
  });

  it('that its owner knows to be lost stays an alert while it is listed', () => {
    const month = playMonth(START, alertSettingsWith({}), 1000, { live: true });
    const lost = [WELL, { coreTempC: 'lost' }] as const;
    for (let i = 0; i < 15; i++) month.tick(lost);
    month.acknowledge({ gpuUuid: monthGpu(1), rule: 'gpu-lost' });
    month.restart(600_000);
    expect(month.tick(lost).cleared).toEqual([]);
    expect(month.firing()).toMatchObject([{ rule: 'gpu-lost', acknowledgedMs: expect.any(Number) }]);
  });
});
