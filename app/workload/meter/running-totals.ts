import type { Counts, Totals } from './counts.ts';

/** The running totals of a meter. */
export function createTotals(onTotals: (totals: Totals) => void) {
  let totals: Totals = {
    requests: 0,
    running: 0,
    tokens: 0,
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
    add({ tokens, promptTokens, cachedPromptTokens, images, model, atLeast }: Counts): void {
      const unread = tokens > 0 && promptTokens === undefined;
      change({
        tokens: totals.tokens + tokens,
        ...(promptTokens !== undefined && { promptTokens: (totals.promptTokens ?? 0) + promptTokens }),
        ...(cachedPromptTokens !== undefined && {
          cachedPromptTokens: (totals.cachedPromptTokens ?? 0) + cachedPromptTokens,
        }),
        ...(unread && { promptAtLeast: true }),
        images: totals.images + images,
        inexact: totals.inexact + (atLeast ? 1 : 0),
        atLeast: totals.atLeast || atLeast === true,
        ...(model && { model }),
      });
    },
  };
}
