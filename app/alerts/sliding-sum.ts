const SLOTS = 60;

export type SlidingSum = {
  readonly add: (atMs: number, amount: number) => void;
  readonly sum: (atMs: number) => number;
};

/**
 * The sum of what was added in the last `windowMs`, in 60 slots: exact to a sixtieth of the window.
 * Times must not decrease.
 */
export function createSlidingSum(windowMs: number): SlidingSum {
  const slotMs = windowMs / SLOTS;
  const slots = new Float64Array(SLOTS);
  let newest = 0;

  function turnTo(atMs: number): number {
    const now = Math.floor(atMs / slotMs);
    for (let i = Math.max(newest + 1, now - SLOTS + 1); i <= now; i++) slots[i % SLOTS] = 0;
    newest = Math.max(newest, now);
    return newest % SLOTS;
  }
  return {
    add(atMs, amount) {
      const slot = turnTo(atMs);
      slots[slot]! += amount;
    },
    sum(atMs) {
      turnTo(atMs);
      return slots.reduce((total, amount) => total + amount, 0);
    },
  };
}
