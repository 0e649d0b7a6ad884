/** Moments at which outputs were complete. */
export type Marks = readonly { readonly tsMs: number; readonly count: number }[];

/** As many as a session keeps: a night of images. Beyond it only the totals go on. */
export const MARKS_KEPT = 2000;

/** Outputs remembered before a session is known to have begun. */
const EARLY_KEPT = 100;

/** Energy used up to a moment, along a curve of totals. */
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

/** J of each output: what was used since the one before it was complete, divided evenly where several came at once. As
 * many as are kept; a program may claim any number. */
export function eachOutputJ(
  marks: Marks,
  curve: readonly { readonly tsMs: number; readonly totalJ: number }[],
): number[] {
  let usedJ = 0;
  let left = MARKS_KEPT;
  return marks.flatMap(({ tsMs, count }) => {
    const total = totalAt(curve, tsMs);
    const each = (total - usedJ) / count;
    usedJ = total;
    const kept = Math.min(count, left);
    left -= kept;
    return new Array<number>(kept).fill(each);
  });
}

/**
 * Follows a program's own running count. A count that falls is a restart of the program: what it shows then is new, and
 * nothing is subtracted across it. The first reading is the start, not an output.
 */
export function createTally() {
  let last: number | undefined;
  let total = 0;
  let begun = false;
  let marks: { tsMs: number; count: number }[] = [];
  return {
    /** @param told the program's count; part of an output is none, and what cannot be counted is not told */
    add(told: number, tsMs: number): void {
      if (!(told >= 0 && told <= Number.MAX_SAFE_INTEGER)) return;
      const running = Math.floor(told);
      const fresh = last === undefined ? 0 : running >= last ? running - last : running;
      last = running;
      if (fresh <= 0) return;
      total += fresh;
      if (marks.length < MARKS_KEPT) marks.push({ tsMs, count: fresh });
      else if (!begun) marks = [...marks.slice(-EARLY_KEPT), { tsMs, count: fresh }];
    },
    /** A session began at that moment, as it turns out now: only what came since counts. */
    beginAt(startedMs: number): void {
      begun = true;
      marks = marks.filter(({ tsMs }) => tsMs >= startedMs);
      total = marks.reduce((sum, { count }) => sum + count, 0);
    },
    total: () => total,
    marks: (): Marks => marks,
  };
}
