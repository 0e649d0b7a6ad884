import type { Counts, Totals } from './counts.ts';

/** The running totals of a meter. */
export function createTotals(onTotals: (totals: Totals) => void) {
  let totals: Totals = {
    requests: 0,
    running: 0,
    tokens: 0,
    promptTokens: 0,
    images: 0,
    inexact: 0,
    atLeast: false,
    busyMs: 0,
  };
  let busySinceMs = 0;
  const change = (by: Partial<Totals>): void => {
    totals = { ...totals, ...by };
    onTotals(totals);
  };
  return {
    now: (): Totals => totals,
    requestBegan(): void {
      if (totals.running === 0) busySinceMs = performance.now();
      change({ requests: totals.requests + 1, running: totals.running + 1 });
    },
    requestEnded(): void {
      const running = totals.running - 1;
      const busyMs = running === 0 ? performance.now() - busySinceMs : 0;
      change({ running, busyMs: totals.busyMs + busyMs });
    },
    add({ tokens, promptTokens, images, model, atLeast }: Counts): void {
      change({
        tokens: totals.tokens + tokens,
        promptTokens: totals.promptTokens + promptTokens,
        images: totals.images + images,
        inexact: totals.inexact + (atLeast ? 1 : 0),
        atLeast: totals.atLeast || atLeast === true,
        ...(model && { model }),
      });
    },
  };
}
