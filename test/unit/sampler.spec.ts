import { describe, expect, it } from 'vitest';
import { startSampler, type Tick } from '../../app/telemetry/sampler.ts';
import { openSimulator } from '../../app/telemetry/simulator/source.ts';
import { createTestClock, type TestClock } from '../support/clock.ts';

/** Ticks of a simulated card while the clock is moved. */
async function record(run: (clock: TestClock) => Promise<void>): Promise<Tick[]> {
  const clock = createTestClock();
  const ticks: Tick[] = [];
  const source = openSimulator({ clock, intervalMs: 1000, count: 1 });
  const sampler = startSampler({ source, onTick: (tick) => ticks.push(tick) });
  await run(clock);
  const stopped = sampler.stop();
  await clock.advance(0);
  await stopped;
  return ticks;
}

describe('the sampler', () => {
  it('numbers its ticks and says how long after the last each came', async () => {
    const ticks = await record((clock) => clock.advance(5_500));
    expect(ticks.map(({ seq, dtMs }) => [seq, dtMs])).toEqual([
      [1, undefined],
      [2, 1000],
      [3, 1000],
      [4, 1000],
      [5, 1000],
      [6, 1000],
    ]);
  });

  it('measures that by the monotonic clock: a small correction of the wall clock changes nothing', async () => {
    const ticks = await record(async (clock) => {
      await clock.advance(2_500);
      clock.step(3_000);
      await clock.advance(2_500);
    });
    expect(ticks.slice(1).map(({ dtMs }) => dtMs)).toEqual([1000, 1000, 1000, 1000, 1000]);
  });

  it.each([
    ['clock-step', 3_600_000],
    ['clock-step', -3_600_000],
  ] as const)('marks a gap as %s when the clocks part by %d ms', async (reason, ms) => {
    const ticks = await record(async (clock) => {
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
    const clock = createTestClock();
    const ticks: Tick[] = [];
    let read = 0;
    const sampler = startSampler({
      source: {
        info: () => ({ kind: 'simulator', label: 'Scripted', simulated: true }),
        async read() {
          await clock.sleep(++read === 4 ? 15_000 : 1000);
          return { gpus: [], tsMs: clock.wallMs(), monoMs: clock.monoMs(), tookMs: 0, ended: read === 6 };
        },
        configure: () => undefined,
        close: async () => undefined,
      },
      onTick: (tick) => ticks.push(tick),
    });
    await clock.advance(30_000);
    await sampler.finished;
    expect(ticks.map(({ gap }) => gap?.reason)).toEqual([
      undefined,
      undefined,
      undefined,
      'stalled',
      undefined,
      undefined,
    ]);
  });
});
