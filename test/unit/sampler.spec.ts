import { describe, expect, it } from 'vitest';
import type { Cadence } from '../../app/metrics.ts';
import { startSampler, type Tick } from '../../app/telemetry/sampler.ts';
import type { TelemetrySource } from '../../app/telemetry/source.ts';
import { createTestClock, type TestClock } from '../support/clock.ts';

/** A source without GPUs that takes a scripted time for each answer. */
function scripted(clock: TestClock, tookMs: (read: number) => number) {
  const asked: (readonly Cadence[])[] = [];
  const source: TelemetrySource = {
    pace: 'sampler',
    info: () => ({ kind: 'simulator', label: 'Scripted', simulated: true }),
    async read(cadences) {
      asked.push(cadences);
      await clock.sleep(tookMs(asked.length - 1));
      return { gpus: [], tsMs: clock.wallMs(), monoMs: clock.monoMs() };
    },
    async close() {},
  };
  return { source, asked };
}

async function record(run: (clock: TestClock) => Promise<void>, tookMs: (read: number) => number = () => 1) {
  const clock = createTestClock();
  const { source, asked } = scripted(clock, tookMs);
  const ticks: (Tick & { monoMs: number })[] = [];
  const sampler = startSampler({
    source,
    clock,
    intervalMs: 1000,
    onTick: (tick) => ticks.push({ ...tick, monoMs: clock.monoMs() }),
  });
  await run(clock);
  const stopped = sampler.stop();
  await clock.advance(100_000);
  await stopped;
  return { ticks, asked };
}

describe('the sampler', () => {
  it('keeps its grid when answers are slow: a late tick does not shift the next', async () => {
    const { ticks } = await record(
      (clock) => clock.advance(10_500),
      (read) => (read % 3 === 0 ? 300 : 1),
    );
    const started = ticks.map(({ monoMs, readMs }) => monoMs - readMs);
    expect(started).toEqual([0, 1000, 2000, 3000, 4000, 5000, 6000, 7000, 8000, 9000, 10_000]);
  });

  it('leaves out what it missed and returns to the grid', async () => {
    const { ticks } = await record(
      (clock) => clock.advance(9_500),
      (read) => (read === 2 ? 3_400 : 1),
    );
    expect(ticks.map(({ monoMs, readMs }) => monoMs - readMs)).toEqual([0, 1000, 2000, 6000, 7000, 8000, 9000]);
  });

  it('says how long ago the last sample was by the monotonic clock, whatever the wall clock does', async () => {
    const { ticks } = await record(async (clock) => {
      await clock.advance(2_500);
      clock.step(3_000); // below a gap: a small correction
      await clock.advance(2_500);
    });
    expect(ticks.slice(1).map(({ dtMs }) => dtMs)).toEqual(ticks.slice(1).map(() => 1000));
  });

  it.each([
    ['suspended', 3_600_000],
    ['clock-step', -3_600_000],
  ] as const)('marks a gap as %s when the clocks part by %d ms', async (reason, ms) => {
    const { ticks } = await record(async (clock) => {
      await clock.advance(2_500);
      clock.step(ms);
      await clock.advance(1_000);
    });
    const gaps = ticks.filter(({ gap }) => gap);
    expect(gaps).toHaveLength(1);
    expect(gaps[0]!.gap!.reason).toBe(reason);
    expect(gaps[0]!.dtMs).toBeUndefined();
  });

  it('marks a gap when the source was silent for longer than a gap', async () => {
    const { ticks } = await record(
      (clock) => clock.advance(30_000),
      (read) => (read === 3 ? 15_000 : 1),
    );
    expect(ticks.map(({ gap }) => gap?.reason).filter(Boolean)).toEqual(['stalled']);
  });

  it('reads what is costly only now and then', async () => {
    const { asked } = await record((clock) => clock.advance(20_500));
    const slow = asked.flatMap((cadences, i) => (cadences.includes('slow') ? [i] : []));
    expect(slow).toEqual([0, 5, 10, 15, 20]);
    expect(asked.every((cadences) => cadences.includes('tick'))).toBe(true);
  });

  it('takes a new interval from the next tick on', async () => {
    const clock = createTestClock();
    const { source, asked } = scripted(clock, () => 0);
    const sampler = startSampler({ source, clock, intervalMs: 1000, onTick: () => undefined });
    await clock.advance(3_500);
    expect(asked).toHaveLength(4);
    sampler.setInterval(100);
    await clock.advance(1_500);
    expect(asked.length).toBeGreaterThan(12);
    const stopped = sampler.stop();
    await clock.advance(1_000);
    await stopped;
  });
});
