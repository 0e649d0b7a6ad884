import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createTickTasks } from '../../app/recorder/tick-tasks.node.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Time passes with a tick every `everyMs`, each a little off. Answers when the task was done. */
function during(ms: number, everyMs: number, taskMs: number): number[] {
  const beganMs = Date.now();
  const nowMs = (): number => Date.now() - beganMs;
  const done: number[] = [];
  const tasks = createTickTasks(nowMs);
  tasks.every(taskMs, () => void done.push(nowMs()));
  for (let i = 1; i * everyMs <= ms; i++) {
    vi.advanceTimersByTime(i * everyMs + (i % 3) - 1 - nowMs());
    tasks.ticked();
    vi.advanceTimersByTime(0);
  }
  vi.advanceTimersByTime(Math.max(0, ms - nowMs()));
  tasks.end();
  vi.advanceTimersByTime(60_000);
  return done;
}

it.each([1_000, 2_000, 5_000, 60_000])('a task of every %i ms comes with a tick of each such time', (taskMs) => {
  const done = during(600_000, 1_000, taskMs);
  expect(done.length).toBe(600_000 / taskMs);
  for (const atMs of done) expect(Math.abs(atMs - 1_000 * Math.round(atMs / 1_000))).toBeLessThanOrEqual(1);
});

it('a task is done as often as it should be at ten ticks a second', () => {
  expect(during(60_000, 100, 1_000).length).toBe(60);
});

it('tasks are done without ticks, too, and not after the end', () => {
  const done = during(60_000, 30_000, 1_000);
  expect(done.length).toBeGreaterThanOrEqual(45);
  expect(done.at(-1)).toBeLessThanOrEqual(60_001);
});
