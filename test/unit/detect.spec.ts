import { describe, expect, it } from 'vitest';
import { BEGIN_AFTER_MS, createDetector, END_AFTER_MS } from '../../app/workload/sessions/detect.ts';
import { type Program } from '../../app/workload/programs/programs.ts';

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
    began.forEach(({ startedMs }) => seen.push(`began ${startedMs / 1000} at ${s}`));
    ended.forEach(({ endedMs }) => seen.push(`ended ${endedMs / 1000} at ${s}`));
  }
  return seen;
}

describe('a detected session', () => {
  it('begins with the first work, once that has lasted for a while, and ends with the last', () => {
    expect(play(300, (s) => program(s >= 10 && s < 100))).toEqual([
      `began 10 at ${10 + BEGIN_AFTER_MS / 1000}`,
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
    expect(detector.leave('comfyui:1')).toEqual({ key: 'comfyui:1', endedMs: 14_000 });
    expect(detector.leave('comfyui:1')).toBeUndefined();
    expect(detector.finish()).toEqual([]);
  });

  it('is ended at its last work when watching ends', () => {
    const detector = createDetector();
    for (let s = 0; s < 30; s++) detector.feed(s * 1000, [program(s < 20)]);
    expect(detector.finish()).toEqual([{ key: 'comfyui:1', endedMs: 19_000 }]);
    expect(detector.finish()).toEqual([]);
  });
});
