// The boundaries of the verdict over counter and power: stretches, buckets, the counter's lag, and what matters.
import { describe, expect, it } from 'vitest';
import { createVerdict, SHORTEST_STRETCH_MS, STRETCH_MS, type Seen } from '../../app/workload/energy/verdict.ts';

/** A sensor that averages over a second: between two equal readings it misses nothing. */
const WINDOW_MS = 1000;

function verdictOf(list: readonly Partial<Seen>[], windowMs = WINDOW_MS) {
  const verdict = createVerdict(windowMs);
  for (const seen of list) verdict.add({ counterJ: 300, beforeW: 300, afterW: 300, dtMs: 1000, limitW: 1000, ...seen });
  return verdict.result();
}
const times = (count: number, of: (i: number) => Partial<Seen> = () => ({})): Partial<Seen>[] =>
  Array.from({ length: count }, (_, i) => of(i));
const stuck = { counterJ: 0 };

describe('counter and power', () => {
  it.each([
    // ± 5 % of 300 J by power, and the counter may be 30 J behind at either end
    [361.5, undefined],
    [361.6, 'undecided'],
    [241.5, undefined],
    [241, 'undecided'],
  ])('agree within their errors and the lag of the counter: %d J for 300 W in a second', (counterJ, why) => {
    expect(verdictOf([{ counterJ }])).toBe(why);
  });

  it('are given the lag of the highest power', () => {
    // the lag of 300 W is in doubt, not that of 100 W
    expect(verdictOf([{ beforeW: 100, afterW: 300, counterJ: 300 }])).toBeUndefined();
    expect(verdictOf([{ beforeW: 300, afterW: 100, counterJ: 300 }])).toBeUndefined();
  });

  it.each([
    [SHORTEST_STRETCH_MS, 'counter-stuck'],
    [SHORTEST_STRETCH_MS - 1, undefined],
  ])('are compared over half a second at least: %d ms', (dtMs, why) => {
    expect(verdictOf([{ ...stuck, dtMs }])).toBe(why);
  });
});

describe('a stretch', () => {
  const seconds = STRETCH_MS / 1000;

  it('is over after ten seconds: what comes then is another one', () => {
    // one interval more in it, and the counter would not have stood still throughout
    expect(verdictOf([...times(seconds, () => stuck), { dtMs: 400, counterJ: 120 }])).toBe('counter-stuck');
    expect(verdictOf([...times(seconds - 1, () => stuck), {}, ...times(seconds)])).toBe('undecided');
  });

  it('that is not over is judged too', () => {
    expect(verdictOf([...times(seconds), ...times(5, () => stuck)])).toBe('counter-stuck');
  });

  it('shows a load that changes by buckets of two seconds', () => {
    const frozen = (i: number) => ({ beforeW: 20, afterW: 20, counterJ: i % 2 ? 2 * 60 : 2 * 200, dtMs: 2000 });
    expect(verdictOf(times(5, frozen))).toBe('power-stuck');
    // within a bucket a change is not seen
    expect(verdictOf(times(10, (i) => ({ ...frozen(i), counterJ: i % 2 ? 60 : 200, dtMs: 1000 })))).toBe('undecided');
  });

  it.each([
    ['half as much again', 151, 'power-stuck'],
    ['just not that', 150, 'undecided'],
  ])('of a frozen reading needs buckets of which one has %s', (_, joules, why) => {
    const seen = (i: number) => ({ beforeW: 20, afterW: 20, counterJ: i === 2 ? 2 * joules : 200, dtMs: 2000 });
    expect(verdictOf(times(5, seen))).toBe(why);
  });

  it.each([
    [0.004, 'power-stuck'],
    [0.006, 'undecided'],
  ])('of a reading that moves by %d W is frozen: %s', (moved, why) => {
    const seen = (i: number) => ({ beforeW: 20, afterW: 20 + moved, counterJ: i % 2 ? 120 : 400, dtMs: 2000 });
    expect(verdictOf(times(5, seen))).toBe(why);
  });

  it.each([
    ['its own limit', [400], 'counter-impossible'],
    ['the highest of its limits', [400, 800], 'undecided'],
    ['no limit, if one was not reported', [400, undefined], 'undecided'],
  ])('of a counter is held against %s', (_, limits, why) => {
    const seen = (i: number) => ({ beforeW: 20, afterW: 30, counterJ: 600, limitW: limits[i % limits.length] });
    expect(verdictOf(times(seconds, seen))).toBe(why);
  });
});

describe('faults', () => {
  /** a counter that stands still for ten seconds is wrong by 2826 J, as far as the errors show */
  const wrongJ = 3000 / 1.05 - 30 / 0.95;

  it.each([
    ['more than the counter’s own error', 180, 'counter-stuck'],
    ['no more than that', 190, undefined],
  ])('matter where they are %s', (_, goodSeconds, why) => {
    expect(0.05 * 300 * goodSeconds < wrongJ).toBe(why !== undefined);
    expect(verdictOf([...times(10, () => stuck), ...times(goodSeconds)])).toBe(why);
  });

  it('of one kind add up, the last stretch included', () => {
    const good = times(280);
    expect(verdictOf([...times(10, () => stuck), ...good])).toBeUndefined();
    expect(verdictOf([...times(10, () => stuck), ...good, ...times(10, () => stuck)])).toBe('counter-stuck');
    expect(verdictOf([...times(10, () => stuck), ...good, ...times(9, () => stuck)])).toBe('counter-stuck');
  });

  const impossible = { beforeW: 20, afterW: 20, counterJ: 900, limitW: 350 };
  const frozen = (i: number) => ({ beforeW: 20, afterW: 20, counterJ: i % 2 ? 120 : 400, dtMs: 2000 });

  it('of the counter go together: power is used', () => {
    expect(verdictOf([...times(10, () => stuck), ...times(10, () => impossible)])).toBe('counter-stuck');
  });

  it('of both sensors leave it undecided', () => {
    expect(verdictOf([...times(10, () => stuck), ...times(5, frozen)])).toBe('undecided');
    expect(verdictOf([...times(10, () => impossible), ...times(5, frozen)])).toBe('undecided');
  });
});
