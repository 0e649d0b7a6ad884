import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createSlidingSum } from '../../app/alerts/sliding-sum.ts';

const WINDOW_MS = 60_000;
const SLOT_MS = 1_000;

it('is the sum of the slots of the window, whatever was added and however long nothing was', () => {
  const steps = fc.array(fc.record({ afterMs: fc.nat(90_000), amount: fc.constantFrom(0, 0, 1, 2.5, 1000) }));
  fc.assert(
    fc.property(steps, (all) => {
      const sliding = createSlidingSum(WINDOW_MS);
      const added: { readonly slot: number; readonly amount: number }[] = [];
      let atMs = 0;
      for (const { afterMs, amount } of all) {
        atMs += afterMs;
        const slot = Math.floor(atMs / SLOT_MS);
        const kept = added.filter((one) => slot - one.slot < WINDOW_MS / SLOT_MS);
        expect(sliding.sum(atMs)).toBe(kept.reduce((sum, one) => sum + one.amount, 0));
        sliding.add(atMs, amount);
        added.push({ slot, amount });
      }
    }),
  );
});
