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
  let addedMs = -Infinity; // when something was last added that is not 0

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
      if (amount !== 0) addedMs = atMs;
    },
    sum(atMs) {
      if (atMs - addedMs > windowMs + slotMs) return 0; // a card that is not throttled: nothing to add up
      turnTo(atMs);
      let total = 0;
      for (let i = 0; i < SLOTS; i++) total += slots[i]!;
      return total;
    },
  };
}
