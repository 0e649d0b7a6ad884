/** An exposure changes slowly, and summing it up costs: looked at this often. */
const LOOK_EVERY_MS = 60_000;

type Day = { readonly day: string; readonly atStart: number; looked: number; hours: number };

/**
 * Equivalent hours of a card since local midnight, or since Slowburn began to record today, whichever came later.
 * @param total equivalent hours of its whole recorded life; undefined: not modelled
 */
export function createStressOfDay(total: (gpuUuid: string) => number | undefined) {
  const days = new Map<string, Day>();
  return (gpuUuid: string, tsMs: number): number | undefined => {
    const day = new Date(tsMs).toDateString();
    const before = days.get(gpuUuid);
    if (before?.day === day && tsMs - before.looked < LOOK_EVERY_MS) return before.hours;
    const now = total(gpuUuid);
    if (now === undefined) return undefined;
    const atStart = before?.day === day ? before.atStart : now;
    days.set(gpuUuid, { day, atStart, looked: tsMs, hours: now - atStart });
    return now - atStart;
  };
}
