import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createClockHold, EARLIEST_MS } from '../../app/telemetry/clock-hold.ts';
import { createClockWatch } from '../../app/telemetry/clock-watch.ts';
import { GAP_MS, gapAfter, startSampler, type Tick } from '../../app/telemetry/sampler.ts';
import { openSimulator } from '../../app/telemetry/simulator/source.ts';
import { createTestClock, type TestClock } from '../support/clock.ts';
import { frameWith, tickWith } from '../support/frames.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const WEEK = 7 * DAY;
const RIGHT = Date.UTC(2026, 5, 1, 12);

/** Ticks of a simulated card while the clocks are moved, and what the hold makes of them. */
async function record(startMs: number, run: (clock: TestClock) => Promise<void>, newestMs?: number) {
  const clock = createTestClock(startMs);
  const hold = createClockHold(newestMs);
  const ticks: Tick[] = [];
  const ready: Tick[] = [];
  const source = openSimulator({ clock, intervalMs: 1000, count: 1 });
  const sampler = startSampler({
    source,
    clock,
    onTick(tick) {
      ticks.push(tick);
      ready.push(...hold.take(tick).ready);
    },
  });
  await run(clock);
  const stopped = sampler.stop();
  await clock.advance(0);
  await stopped;
  return { ticks, ready, hold };
}
const gapsOf = (ticks: readonly Tick[]) => ticks.flatMap(({ gap }) => gap ?? []);

describe('the clocks', () => {
  it.each([
    ['a suspend of an hour', (clock: TestClock) => clock.suspend(HOUR), 'suspended'],
    ['a suspend of a minute', (clock: TestClock) => clock.suspend(60_000), 'suspended'],
    ['a clock set forward by a week', (clock: TestClock) => clock.step(WEEK), 'clock-step'],
    ['a clock set back by an hour', (clock: TestClock) => clock.step(-HOUR), 'clock-step'],
    [
      'a suspend of eight hours with a clock that lost 15 s',
      (clock: TestClock) => {
        clock.suspend(8 * HOUR);
        clock.step(-15_000);
      },
      'suspended',
    ],
    [
      'a suspend of an hour with a clock set forward by a week',
      (clock: TestClock) => {
        clock.suspend(HOUR);
        clock.step(WEEK);
      },
      'clock-step',
    ],
  ] as const)('name %s for what it is', async (_, change, reason) => {
    const { ready } = await record(RIGHT, async (clock) => {
      await clock.advance(3_500);
      change(clock);
      await clock.advance(3_000);
    });
    expect(gapsOf(ready).map((gap) => gap.reason)).toEqual([reason]);
    expect(ready.filter(({ dtMs }) => dtMs === undefined)).toHaveLength(2); // the first, and the one after the gap
  });

  it.each([
    [{ awakeMs: GAP_MS, sleptMs: 0, setMs: 0 }, undefined],
    [{ awakeMs: GAP_MS + 1, sleptMs: 0, setMs: 0 }, 'stalled'],
    [{ awakeMs: 1000, sleptMs: GAP_MS - 1000, setMs: 0 }, undefined],
    [{ awakeMs: 1000, sleptMs: GAP_MS - 999, setMs: 0 }, 'suspended'],
    [{ awakeMs: 1000, sleptMs: 0, setMs: GAP_MS }, undefined],
    [{ awakeMs: 1000, sleptMs: 0, setMs: -GAP_MS }, undefined],
    [{ awakeMs: 1000, sleptMs: 0, setMs: GAP_MS + 1 }, 'clock-step'],
    [{ awakeMs: 1000, sleptMs: 0, setMs: -GAP_MS - 1 }, 'clock-step'],
  ] as const)('make of %o the gap %s', (between, reason) => {
    expect(gapAfter(RIGHT, RIGHT + 60_000, between)?.reason).toBe(reason);
  });

  it('leave no time without samples where the clock was set back', async () => {
    const { ready } = await record(RIGHT, async (clock) => {
      await clock.advance(2_500);
      clock.step(-HOUR);
      await clock.advance(2_000);
    });
    const [gap] = gapsOf(ready);
    expect(gap!.fromMs).toBe(gap!.toMs);
  });

  it('add up to the same, however suspends and settings come', () => {
    const moves = fc.array(
      fc.record({
        awakeMs: fc.integer({ min: 1, max: HOUR }),
        sleptMs: fc.oneof(fc.constant(0), fc.integer({ min: 1000, max: WEEK })),
        setMs: fc.integer({ min: -WEEK, max: WEEK }),
      }),
      { minLength: 1, maxLength: 30 },
    );
    fc.assert(
      fc.property(moves, (steps) => {
        let [wall, mono, boot] = [RIGHT, 0, 0];
        const watch = createClockWatch({ monoMs: () => mono, bootMs: () => boot });
        watch.next({ tsMs: wall, monoMs: mono });
        for (const step of steps) {
          mono += step.awakeMs;
          boot += step.awakeMs + step.sleptMs;
          wall += step.awakeMs + step.sleptMs + step.setMs;
          expect(watch.next({ tsMs: wall, monoMs: mono })).toEqual(step);
        }
        expect(mono + watch.sleptMs()).toBe(boot);
      }),
    );
  });
});

describe('a clock that cannot be right', () => {
  it.each([
    ['1970', 0],
    ['a moment before the first release', EARLIEST_MS - 60_000],
  ])('such as %s holds samples back and stamps them when it was set', async (_, startMs) => {
    const { ticks, ready } = await record(startMs, async (clock) => {
      await clock.advance(30_500);
      clock.step(RIGHT - clock.wallMs());
      await clock.advance(5_000);
    });
    expect(ready).toHaveLength(ticks.length);
    expect(gapsOf(ready)).toEqual([]);
    expect(ready.every(({ tsMs }) => tsMs > RIGHT - 31_000)).toBe(true);
    ready.slice(1).forEach((tick, i) => {
      expect(tick.tsMs - ready[i]!.tsMs).toBe(1000);
      expect(tick.dtMs).toBe(1000);
    });
  });

  it('writes nothing while it stays so, and counts what has no time in the end', async () => {
    const { ticks, ready, hold } = await record(0, (clock) => clock.advance(30_500));
    expect(ready).toEqual([]);
    expect(hold.end()).toEqual({ ready: [], lost: ticks.length });
  });

  it('stamps across a suspend, which stays a gap', async () => {
    const { ready } = await record(0, async (clock) => {
      await clock.advance(3_500);
      clock.suspend(HOUR);
      await clock.advance(3_000);
      clock.step(RIGHT - clock.wallMs());
      await clock.advance(1_000);
    });
    const gaps = gapsOf(ready);
    expect(gaps).toMatchObject([{ reason: 'suspended' }]);
    expect(gaps[0]!.toMs - gaps[0]!.fromMs).toBe(HOUR + 1000);
    expect(ready[0]!.tsMs).toBeGreaterThan(RIGHT - HOUR - 10_000);
  });

  it('met in the middle of a recording leaves no trace once it was set right', async () => {
    const { ticks, ready } = await record(RIGHT, async (clock) => {
      await clock.advance(3_500);
      clock.step(-clock.wallMs());
      await clock.advance(5_000);
      clock.step(RIGHT + 8_500 - clock.wallMs());
      await clock.advance(3_000);
    });
    expect(ready).toHaveLength(ticks.length);
    expect(gapsOf(ready)).toEqual([]);
    expect(ready.map(({ tsMs }) => tsMs)).toEqual(ready.map((_, i) => ready[0]!.tsMs + i * 1000));
  });

  it('corrects the dates of events that the driver reported meanwhile', () => {
    const hold = createClockHold(undefined);
    const frame = frameWith({ coreTempC: 50 });
    const event = { gpuUuid: 'GPU-test-0', tsMs: 1500, kind: 'xid', code: 79, witness: 'nvml' } as const;
    hold.take({ ...tickWith(2000, 1000, [frame]), axisMs: 2000, events: [event] });
    const { ready } = hold.take({ ...tickWith(RIGHT, undefined, [frame]), axisMs: 3000 });
    expect(ready[0]!.events).toMatchObject([{ tsMs: RIGHT - 1500 }]);
  });

  it('keeps the newest samples in bounded memory, and reports a pause when older ones are dropped', () => {
    const hold = createClockHold(undefined);
    const frames = Array.from({ length: 8 }, () => frameWith({ coreTempC: 50 }));
    const codes = new Set<string | undefined>();
    for (let i = 0; i < 10_000; i++) {
      const tick = { ...tickWith(i * 1000, i === 0 ? undefined : 1000, frames), axisMs: i * 1000 };
      codes.add(hold.take(tick).waiting?.code);
    }
    expect([...codes]).toEqual(['clock-not-plausible', 'recording-failed']);
    const { ready } = hold.take({ ...tickWith(RIGHT, undefined, frames), axisMs: 10_000_000 });
    expect(ready).toHaveLength(751); // 6,000 readings of eight cards, and the tick that was stamped right
    expect(ready[0]!.dtMs).toBeUndefined();
    expect(ready.at(-1)!.tsMs).toBe(RIGHT);
  });
});

describe('a clock that is behind the history', () => {
  it('is doubted when it is more than a day behind: samples wait until it was set', async () => {
    const { ticks, ready } = await record(
      RIGHT - 90 * DAY,
      async (clock) => {
        await clock.advance(20_500);
        clock.step(RIGHT - clock.wallMs());
        await clock.advance(2_000);
      },
      RIGHT - HOUR,
    );
    expect(ready).toHaveLength(ticks.length);
    expect(Math.min(...ready.map(({ tsMs }) => tsMs))).toBeGreaterThan(RIGHT - 30_000);
  });

  it.each([
    [DAY, 4],
    [DAY + 60_000, 0],
  ])('by %d ms has %d of its first 4 samples written at once', async (behindMs, written) => {
    const { ready } = await record(RIGHT, (clock) => clock.advance(3_500), RIGHT + behindMs);
    expect(ready).toHaveLength(written);
  });

  it('is believed after ten minutes: then the newest sample has the wrong stamp', async () => {
    const { ticks, ready } = await record(RIGHT, (clock) => clock.advance(700_000), RIGHT + WEEK);
    expect(ready).toHaveLength(ticks.length);
    expect(ready[0]!.tsMs).toBe(RIGHT);
  });

  it('is believed at the end, so that a short run is not lost', async () => {
    const { ticks, ready, hold } = await record(RIGHT, (clock) => clock.advance(5_500), RIGHT + WEEK);
    expect(ready).toEqual([]);
    expect(hold.end().ready).toHaveLength(ticks.length);
  });
});

it('whatever the clock does, no sample is stamped before the first release, and none is written twice', () => {
  const early = fc.integer({ min: 0, max: 2e9 });
  const near = fc.integer({ min: RIGHT - WEEK, max: RIGHT + WEEK });
  const step = fc.record({
    passMs: fc.integer({ min: 100, max: 20_000 }),
    setTo: fc.option(fc.oneof(early, near), { nil: undefined, freq: 4 }),
  });
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 80 }), (steps) => {
      let [wall, axis] = [0, 0];
      const hold = createClockHold(undefined);
      const written: Tick[] = [];
      steps.forEach(({ passMs, setTo }, seq) => {
        axis += passMs;
        const wasMs = wall;
        wall = setTo ?? wall + passMs;
        const gap =
          setTo === undefined || seq === 0 ? {} : { gap: { fromMs: wasMs, toMs: wall, reason: 'clock-step' as const } };
        const tick = tickWith(wall, setTo === undefined ? passMs : undefined, []);
        written.push(...hold.take({ ...tick, seq, axisMs: axis, ...gap }).ready);
      });
      written.push(...hold.end().ready);
      expect(written.map(({ seq }) => seq)).toEqual([...new Set(written.map(({ seq }) => seq))].sort((a, b) => a - b));
      for (const { tsMs, gap } of written) {
        expect(tsMs).toBeGreaterThan(EARLIEST_MS - 80 * 20_000);
        if (gap) expect(gap.fromMs).toBeGreaterThan(EARLIEST_MS - 80 * 20_000);
      }
    }),
  );
});
