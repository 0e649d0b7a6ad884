import { describe, expect, it } from 'vitest';
import { createTally, MARKS_KEPT } from '../../app/workload/adapters/outputs.ts';
import { powerWindowMs } from '../../app/workload/energy/energy.ts';
import { divide } from '../../app/workload/energy/shares.ts';
import { withinHours } from '../../app/workload/energy/tariff.ts';
import { programsOf, type Process } from '../../app/workload/programs/programs.ts';
import { BEGIN_AFTER_MS, createDetector, END_AFTER_MS } from '../../app/workload/sessions/detect.ts';
import { figuresOf } from '../../app/workload/sessions/figures.ts';
import { idlePowerW, summariseGpu } from '../../app/workload/sessions/summary.ts';
import { kneeOf, parseCaps } from '../../app/workload/sessions/sweep.ts';
import { frameWith, tickWith } from '../support/frames.ts';

// Each constant is written out here as well: a changed one fails a row.

const facts = (pid: number) => ({ pid, startedAt: '1', command: ['tool'], ancestors: [] });

/** The programs of a card at one moment. */
function programsAt(gpuUtilPct: number, processes?: readonly Process[]) {
  const tick = tickWith(0, 1000, [frameWith({ gpuUtilPct })]);
  return programsOf(
    tick,
    () => processes,
    ({ pid }) => ({ facts: facts(pid), match: undefined, key: `p${pid}` }),
  );
}

describe('a program loads a card', () => {
  it.each([
    [14, false],
    [15, true],
  ])('that is %d %% busy and lists no processes: %s', (utilPct, loads) =>
    expect(programsAt(utilPct)).toMatchObject([{ loads }]),
  );

  it.each([
    [4, false],
    [5, true],
  ])('with %d %% of SM time: %s', (smPct, loads) =>
    expect(programsAt(99, [{ pid: 1, name: 'tool', type: 'compute', smPct }])).toMatchObject([{ loads }]),
  );

  it.each([
    ['alone on the card', [{ pid: 1, name: 'a' }], 1],
    [
      'beside another',
      [
        { pid: 1, name: 'a' },
        { pid: 2, name: 'b' },
      ],
      0,
    ],
    ['that only draws', [{ pid: 1, name: 'a', type: 'graphics' as const }], 0],
    [
      'that computes beside another',
      [
        { pid: 1, name: 'a', type: 'compute' as const },
        { pid: 2, name: 'b' },
      ],
      1,
    ],
  ])('unknown, %s', (_what, processes, count) => expect(programsAt(99, processes)).toHaveLength(count));
});

describe('a detected session', () => {
  const program = { key: 'k', match: undefined, name: 'n', pids: [1], gpuUuids: ['G'], loads: true };
  const ticks = (detector: ReturnType<typeof createDetector>, atMs: readonly number[], loads = true) =>
    atMs.map((tsMs) => detector.feed(tsMs, [{ ...program, loads }]));

  it('begins after 5 s of work and not before', () => {
    expect(BEGIN_AFTER_MS).toBe(5_000);
    const seen = ticks(createDetector(), [0, 4_999, 5_000]);
    expect(seen.map(({ began }) => began.length)).toEqual([0, 0, 1]);
  });

  it('ends after 90 s without work and not before', () => {
    expect(END_AFTER_MS).toBe(90_000);
    const detector = createDetector();
    ticks(detector, [0, 5_000]);
    const seen = ticks(detector, [94_999, 95_000], false);
    expect(seen.map(({ ended }) => ended)).toMatchObject([[], [{ key: 'k', toMs: 5_000 }]]);
  });
});

describe('the summary of a session', () => {
  const sample = (tsMs: number, dtMs: number | undefined, energyMj: number) => ({
    tsMs,
    dtMs,
    frame: frameWith({ energyMj }),
  });

  it.each([
    ['grows', [1_000, 5_000], 4],
    ['stands still', [5_000, 5_000], 0],
    ['decreases by 1 mJ: a reset, and nothing was observed', [5_000, 4_999], undefined],
  ])('of a counter that %s', (_what, [before, after], energyJ) => {
    const summary = summariseGpu('G', [sample(0, 1000, before!), sample(1000, 1000, after!)]);
    expect(summary.energyJ).toBe(energyJ);
  });

  it.each([
    [9, undefined],
    [10, 30],
  ])('has a baseline after %d idle samples: %s W', (count, idleW) => {
    const idle = Array.from({ length: count }, (_, i) => ({
      tsMs: i * 1000,
      dtMs: 1000,
      frame: frameWith({ gpuUtilPct: 2, powerW: 30 }),
    }));
    const busy = { tsMs: 60_000, dtMs: 1000, frame: frameWith({ gpuUtilPct: 3, powerW: 30 }) };
    expect(idlePowerW([...idle, busy])).toBe(idleW);
  });
});

describe('one power reading averages over', () => {
  it.each([
    ['NVIDIA H100 80GB HBM3', 1000],
    ['NVIDIA H100 PCIe', 1000],
    ['NVIDIA H200', 1000],
    ['NVIDIA A100-SXM4-80GB', 25],
    ['NVIDIA GeForce RTX 4090', 1000],
    ['NVIDIA GeForce RTX 2080 Ti', 100],
    ['NVIDIA GeForce GTX 1080', 10],
  ])('%s: %d ms', (name, ms) => expect(powerWindowMs(name)).toBe(ms));
});

describe('shares of a card', () => {
  const shareOf = (smPct: number) =>
    divide(
      [
        { pid: 1, name: 'a', smPct },
        { pid: 2, name: 'b', smPct: 100 - smPct },
      ],
      (pid) => pid,
    ).get(1);

  it.each([
    [2, 0],
    [3, 0.05],
    [7, 0.05],
    [8, 0.1],
  ])('%d %% of SM time is a share of %d', (smPct, share) => expect(shareOf(smPct)).toBeCloseTo(share, 9));
});

describe('hours of a tariff', () => {
  const at = (hour: number, minute: number) => new Date(2026, 5, 1, hour, minute).getTime();
  it.each([
    [21, 59, false],
    [22, 0, true],
    [23, 59, true],
    [0, 0, true],
    [5, 59, true],
    [6, 0, false],
  ])('from 22 to 6, %d:%d: %s', (hour, minute, within) =>
    expect(withinHours(at(hour, minute), 22 * 60, 6 * 60)).toBe(within),
  );
});

describe('marks of outputs', () => {
  it('are kept up to 2000, and the total grows on', () => {
    expect(MARKS_KEPT).toBe(2000);
    const tally = createTally();
    tally.beginAt(0);
    for (let i = 0; i <= 2001; i++) tally.add(i, i);
    expect(tally.marks()).toHaveLength(2000);
    expect(tally.total()).toBe(2001);
  });
});

describe('the limits of a sweep', () => {
  it.each([
    ['30:30:1', [30]],
    ['29:30:1', undefined],
    ['2990:3000:10', [2990, 3000]],
    ['2990:3001:10', undefined],
    ['100:500:10', 41],
    ['100:501:10', undefined],
    ['100:200:0', undefined],
    ['200:100:10', undefined],
    ['100:125:10', [100, 110, 120, 125]],
  ])('%s', (text, caps) => {
    if (typeof caps === 'number') expect(parseCaps(text)).toHaveLength(caps);
    else expect(parseCaps(text)).toEqual(caps);
  });

  it.each([
    ['rises by 5 %', 100, undefined],
    ['rises by more', 101, 200],
  ])('of a curve that %s', (_what, last, knee) => {
    const rise = last - 95;
    const points = [
      [100, 95],
      [200, 95 + rise * 0.9],
      [300, last],
    ].map(([capW, perHour]) => ({ capW: capW!, perHour: perHour!, joulesEach: undefined, meanTempC: undefined }));
    expect(kneeOf(points)?.capW).toBe(knee);
  });
});

describe('an idle neighbour', () => {
  const busy = { pid: 1, name: 'a', type: 'compute' as const, smPct: 80 };
  const idle = { pid: 2, name: 'b', type: 'compute' as const, smPct: 0 };
  const ownerOf = (pid: number): number => pid;

  it.each([
    ['its own session', ownerOf, [1, 0]],
    ['no session', (pid: number) => (pid === 1 ? pid : undefined), [1, undefined]],
  ])('with %s leaves all energy to the busy program', (_what, owner, [a, b]) => {
    const shares = divide([busy, idle], owner);
    expect([shares.get(1), shares.get(2)]).toEqual([a, b]);
  });

  it('starts no session, however busy the card is', () => {
    expect(programsAt(99, [busy, idle]).map(({ loads }) => loads)).toEqual([true, false]);
  });
});

describe('energy per output', () => {
  const gpu = { gpuUuid: 'G', observedMs: 1000, slots: [{ fromMs: 0, energyJ: 1 }] };
  const workload = { kind: 'llm', found: 'detected', outputs: { unit: 'token', count: 4, countedBy: 'vllm' } } as const;
  const money = { pricePerKwh: 1, tariff: [], market: undefined, co2GramsPerKwh: 1 };

  it.each([
    ['all energy was shared', { energyJ: 0, sharedJ: 50 }, undefined],
    ['part of it was shared', { energyJ: 8, sharedJ: 50 }, 2],
    ['no energy was observed', {}, undefined],
  ])('if %s: %s', (_what, energy, joules) => {
    const summary = { gpus: [{ ...gpu, ...energy }], workload };
    const { each, sharedJ } = figuresOf({ startedMs: 0, endedMs: 1000, summary }, money);
    expect(each).toMatchObject({ ms: 250 });
    expect([each?.energyJ, each?.cost !== undefined]).toEqual([joules, joules !== undefined]);
    expect(sharedJ).toBe('sharedJ' in energy ? 50 : undefined);
  });
});
