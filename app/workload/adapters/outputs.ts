/** Moments at which outputs were complete. */
export type Marks = readonly { readonly tsMs: number; readonly count: number }[];

/** The most marks that a session keeps: a night of images. Beyond this only the total grows. */
export const MARKS_KEPT = 2000;

/** Marks kept before it is known that a session has begun. */
const EARLY_KEPT = 100;

/** Energy used up to a moment, interpolated on a curve of totals. */
function totalAt(curve: readonly { readonly tsMs: number; readonly totalJ: number }[], tsMs: number): number {
  let low = 0;
  let high = curve.length - 1;
  if (high < 0 || tsMs <= curve[0]!.tsMs) return 0;
  if (tsMs >= curve[high]!.tsMs) return curve[high]!.totalJ;
  while (high - low > 1) {
    const mid = (low + high) >> 1;
    if (curve[mid]!.tsMs <= tsMs) low = mid;
    else high = mid;
  }
  const [a, b] = [curve[low]!, curve[high]!];
  return a.totalJ + ((b.totalJ - a.totalJ) * (tsMs - a.tsMs)) / (b.tsMs - a.tsMs);
}

/**
 * J of each output: what was used since the output before it was complete, divided evenly among outputs that completed
 * together. At most MARKS_KEPT outputs, because a program may report any number.
 * @param recorded when the session began, and which time of it was recorded: outputs of other time are left out
 */
export function eachOutputJ(
  marks: Marks,
  curve: readonly { readonly tsMs: number; readonly totalJ: number }[],
  recorded?: { readonly fromMs: number; readonly covers: (fromMs: number, toMs: number) => boolean },
): number[] {
  let usedJ = 0;
  let sinceMs = recorded?.fromMs ?? 0;
  let left = MARKS_KEPT;
  return marks.flatMap(({ tsMs, count }) => {
    const total = totalAt(curve, tsMs);
    const each = (total - usedJ) / count;
    const isKnown = !recorded || recorded.covers(Math.min(sinceMs, tsMs), tsMs);
    usedJ = total;
    sinceMs = tsMs;
    if (!isKnown) return [];
    const kept = Math.min(count, left);
    left -= kept;
    return new Array<number>(kept).fill(each);
  });
}

/**
 * Sums the increments of a program's own counter. A counter that decreases was reset by a restart, so its new value is
 * the increment. The first value is the start, not an output.
 */
export function createTally() {
  let last: number | undefined;
  let total = 0;
  let inSession = false;
  let marks: { tsMs: number; count: number }[] = [];
  return {
    /** @param counter rounded down; ignored if it is no number that can be counted exactly */
    add(counter: number, tsMs: number): void {
      if (!(counter >= 0 && counter <= Number.MAX_SAFE_INTEGER)) return;
      const running = Math.floor(counter);
      const added = last === undefined ? 0 : running >= last ? running - last : running;
      last = running;
      if (added <= 0) return;
      total += added;
      if (marks.length < MARKS_KEPT) marks.push({ tsMs, count: added });
      else if (!inSession) marks = [...marks.slice(-EARLY_KEPT), { tsMs, count: added }];
    },
    /** A session began at that moment. Only outputs since then count. */
    beginAt(startedMs: number): void {
      inSession = true;
      marks = marks.filter(({ tsMs }) => tsMs >= startedMs);
      total = marks.reduce((sum, { count }) => sum + count, 0);
    },
    total: () => total,
    marks: (): Marks => marks,
  };
}
