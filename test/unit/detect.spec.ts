import { describe, expect, it } from 'vitest';
import { BEGIN_AFTER_MS, createDetector, END_AFTER_MS, SIGN_MS } from '../../app/workload/sessions/detect.ts';
import { createLoadStarts } from '../../app/workload/sessions/load-starts.ts';
import { type Program } from '../../app/workload/programs/programs.ts';
import { frameWith, testGpu, tickWith } from '../support/frames.ts';

const program = (loads: boolean, more: Partial<Program> = {}): Program => ({
  key: 'comfyui:1',
  match: undefined,
  name: 'ComfyUI',
  pids: [1],
  gpuUuids: ['GPU'],
  loads,
  ...more,
});

/** Feeds one program a second; returns what began and ended, with the second. */
function play(seconds: number, at: (second: number) => Program) {
  const detector = createDetector();
  const seen: string[] = [];
  for (let s = 0; s < seconds; s++) {
    const { began, ended } = detector.feed(s * 1000, [at(s)]);
    began.forEach(({ fromMs }) => seen.push(`began ${fromMs / 1000} at ${s}`));
    ended.forEach(({ toMs }) => seen.push(`ended ${toMs / 1000} at ${s}`));
  }
  return seen;
}

describe('a detected session', () => {
  it('begins with the tick of the first work, once that has lasted for a while, and ends with the last', () => {
    expect(play(300, (s) => program(s >= 10 && s < 100))).toEqual([
      `began 9 at ${10 + BEGIN_AFTER_MS / 1000}`,
      `ended 99 at ${99 + END_AFTER_MS / 1000}`,
    ]);
  });

  it('is one session although the card is idle between images', () => {
    expect(play(400, (s) => program(s < 200 && s % 40 < 20)).filter((line) => line.startsWith('began'))).toHaveLength(
      1,
    );
  });

  it('does not begin for a moment of load', () => {
    expect(play(300, (s) => program(s % 60 < 3))).toEqual([]);
  });

  it('continues while the program reports a job, whatever the load', () => {
    expect(play(300, (s) => program(s < 10, { running: s < 200 ? 1 : 0 }))).toEqual([
      `began 0 at 5`,
      `ended 199 at ${199 + END_AFTER_MS / 1000}`,
    ]);
  });

  it('ends with its program, at its last work', () => {
    const detector = createDetector();
    for (let s = 0; s < 20; s++) detector.feed(s * 1000, [program(s < 15)]);
    const ended = { key: 'comfyui:1', toMs: 14_000, endedAfterMs: 13_000, endedByMs: 15_000 };
    expect(detector.leave('comfyui:1')).toEqual(ended);
    expect(detector.leave('comfyui:1')).toBeUndefined();
    expect(detector.finish()).toEqual([]);
  });

  it('is ended at its last work when watching ends', () => {
    const detector = createDetector();
    for (let s = 0; s < 30; s++) detector.feed(s * 1000, [program(s < 20)]);
    expect(detector.finish()).toMatchObject([{ key: 'comfyui:1', toMs: 19_000 }]);
    expect(detector.finish()).toEqual([]);
  });

  it('says between which ticks its work began and ended, as far as ticks can tell', () => {
    const detector = createDetector();
    const found = Array.from({ length: 20 }, (_, s) => detector.feed(s * 1000 + 300, [program(s >= 4 && s < 15)]));
    expect(found.flatMap(({ began }) => began)).toMatchObject([{ fromMs: 3300, beganByMs: 4300 }]);
    const [ended] = detector.finish();
    expect(ended).toEqual({ key: 'comfyui:1', toMs: 14_300, endedAfterMs: 13_300, endedByMs: 15_300 });
  });

  it.each([
    ['short ticks: the card’s utilisation is a mean over a second', 100, SIGN_MS],
    ['long ticks', 5000, 5000],
  ])('may have ended before its last sign, %s', (_what, everyMs, beforeMs) => {
    const detector = createDetector();
    for (let ms = 0; ms <= 10_000; ms += everyMs) detector.feed(ms, [program(true)]);
    expect(detector.finish()).toEqual([
      { key: 'comfyui:1', toMs: 10_000, endedAfterMs: 10_000 - beforeMs, endedByMs: 10_000 },
    ]);
  });

  it.each([
    [10_000, 0],
    [10_001, 20_001],
  ])('after a pause of %d ms begins at %d ms', (pauseMs, fromMs) => {
    const detector = createDetector();
    detector.feed(0, []);
    const [first, second] = [pauseMs, pauseMs + 5000];
    detector.feed(first, [program(true)]);
    const { began } = detector.feed(second, [program(true)]);
    expect(began).toMatchObject([{ fromMs: fromMs === 0 ? 0 : pauseMs, beganByMs: pauseMs }]);
  });

  it('that has not begun has no end', () => {
    const detector = createDetector();
    for (let s = 0; s < 4; s++) detector.feed(s * 1000, [program(true)]);
    expect(detector.finish()).toEqual([]);
  });

  it('ends with the last tick at which its card worked, although its list of processes is older', () => {
    const detector = createDetector();
    const sign = (now: boolean) => () => ({ now, loadBegan: undefined });
    for (let s = 0; s < 12; s++) detector.feed(s * 1000, [program(true)], sign(s <= 8));
    expect(detector.finish()).toMatchObject([{ toMs: 8000, endedAfterMs: 7000, endedByMs: 9000 }]);
  });

  it('begins with the load of its card, if that is its own', () => {
    const detector = createDetector();
    detector.feed(0, []);
    const loadBegan = { fromMs: 1000, beganByMs: 2000 };
    detector.feed(5000, [program(true)], () => ({ now: true, loadBegan }));
    expect(detector.feed(10_000, [program(true)]).began).toMatchObject([loadBegan]);
  });
});

describe('the load of a card', () => {
  const tick = (tsMs: number, utils: readonly (number | undefined)[], gap = false) =>
    tickWith(
      tsMs,
      gap ? undefined : 1000,
      utils.map((gpuUtilPct) => frameWith(gpuUtilPct === undefined ? {} : { gpuUtilPct })),
    );
  const on = (...gpuUuids: string[]): Program => program(true, { gpuUuids });
  const [A, B] = [testGpu(0).uuid, testGpu(1).uuid];

  it('tells when work began that a list of processes shows only later', () => {
    const starts = createLoadStarts();
    const utils = [0, 14, 15, 90, 90];
    utils.forEach((util, s) => starts.feed(tick(s * 1000, [util, 0]), s === 0));
    starts.feed(tick(5000, [90, 0]), true);
    expect(starts.signOf(on(A))).toEqual({ now: true, loadBegan: { fromMs: 1000, beganByMs: 2000 } });
    expect(starts.signOf(on(B))).toEqual({ now: true, loadBegan: undefined });
    expect(starts.signOf(on(A, B)).loadBegan).toBeUndefined();
  });

  it('is as old as it is where no list was before', () => {
    const starts = createLoadStarts();
    for (let s = 0; s <= 3; s++) starts.feed(tick(s * 1000, [s < 2 ? 0 : 90]), false);
    expect(starts.signOf(on(A))).toEqual({ now: true, loadBegan: { fromMs: 1000, beganByMs: 2000 } });
  });

  it('that began with the list before is not older', () => {
    const starts = createLoadStarts();
    for (let s = 0; s <= 3; s++) starts.feed(tick(s * 1000, [s < 2 ? 0 : 90]), s === 1);
    expect(starts.signOf(on(A)).loadBegan).toEqual({ fromMs: 1000, beganByMs: 2000 });
  });

  it('is older than the list before, which did not show the work: it began between the lists', () => {
    const starts = createLoadStarts();
    for (let s = 0; s <= 10; s++) starts.feed(tick(s * 1000, [s < 2 ? 0 : 90]), s % 5 === 0);
    expect(starts.signOf(on(A)).loadBegan).toEqual({ fromMs: 5000, beganByMs: 10_000 });
  });

  it('is no other program’s: a claim, an idle moment and a gap end it', () => {
    const starts = createLoadStarts();
    for (let s = 0; s <= 4; s++) starts.feed(tick(s * 1000, [s === 0 ? 0 : 90]), s === 0);
    starts.claim([A]);
    expect(starts.signOf(on(A)).loadBegan).toBeUndefined();
    starts.feed(tick(5000, [90]), false);
    expect(starts.signOf(on(A)).loadBegan).toEqual({ fromMs: 4000, beganByMs: 5000 });
    starts.feed(tick(6000, [0]), false);
    expect(starts.signOf(on(A)).loadBegan).toBeUndefined();
    starts.feed(tick(7000, [90]), false);
    starts.feed(tick(90_000, [90], true), false);
    expect(starts.signOf(on(A)).loadBegan).toBeUndefined();
  });

  it('is a sign of work between two lists; so are a job, a list, and a card that does not report it', () => {
    const starts = createLoadStarts();
    starts.feed(tick(0, [0, undefined]), false);
    expect(starts.signOf(on(A)).now).toBe(false);
    expect(starts.signOf(on(B)).now).toBe(true);
    expect(starts.signOf(on(A, B)).now).toBe(true);
    expect(starts.signOf({ ...on(A), running: 1 }).now).toBe(true);
    expect(starts.signOf({ ...on(A), running: 0 }).now).toBe(false);
    starts.feed(tick(1000, [90, 0]), false);
    expect(starts.signOf(on(A)).now).toBe(true);
    starts.feed(tick(2000, [0, 0]), true);
    expect(starts.signOf(on(A)).now).toBe(true);
  });
});
