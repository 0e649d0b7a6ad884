import type { Clock } from '../../app/core/clock.ts';

export type TestClock = Clock & {
  /** Moves both clocks on, waking sleepers in order. */
  readonly advance: (ms: number) => Promise<void>;
  /** Sets the wall clock by so much, as a person or a time server does. */
  readonly step: (ms: number) => void;
  /** Moves wall and boot clock on while the monotonic one stands still, as suspend does on Linux. */
  readonly suspend: (ms: number) => void;
};

/** A clock that moves when told. */
export function createTestClock(startMs = Date.UTC(2026, 0, 15, 12)): TestClock {
  let wall = startMs;
  let mono = 0;
  let slept = 0;
  let sleepers: { readonly atMs: number; readonly wake: () => void }[] = [];
  const settle = async (): Promise<void> => {
    for (let i = 0; i < 20; i++) await Promise.resolve();
  };
  return {
    wallMs: () => wall,
    monoMs: () => mono,
    bootMs: () => mono + slept,
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted) return resolve();
        const wake = () => {
          signal?.removeEventListener('abort', wake);
          resolve();
        };
        signal?.addEventListener('abort', wake);
        sleepers.push({ atMs: mono + Math.max(0, ms), wake });
      }),
    async advance(ms) {
      const end = mono + ms;
      await settle();
      for (;;) {
        const next = sleepers.filter(({ atMs }) => atMs <= end).sort((a, b) => a.atMs - b.atMs)[0];
        if (!next) break;
        sleepers = sleepers.filter((sleeper) => sleeper !== next);
        wall += Math.max(0, next.atMs - mono);
        mono = Math.max(mono, next.atMs);
        next.wake();
        await settle();
      }
      wall += end - mono;
      mono = end;
    },
    step: (ms) => (wall += ms),
    suspend(ms) {
      wall += ms;
      slept += ms;
    },
  };
}
