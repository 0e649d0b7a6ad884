/** Two moments between which energy is summed. Infinite: from the first reading, or to the last. ms since 1970. */
export type Ends = {
  readonly fromMs: number;
  readonly toMs: number;
  /** Where the moments themselves are uncertain: the latest beginning, the earliest and the latest end. */
  readonly beganByMs?: number;
  readonly endedAfterMs?: number;
  readonly endedByMs?: number;
};

export const OPEN: Ends = { fromMs: -Infinity, toMs: Infinity };

/**
 * An energy counter is updated every 20–100 ms, so a reading may be this much older than its stamp. A later reading than
 * this therefore contains all energy up to a moment (arXiv 2312.02741).
 */
export const COUNTER_LAG_MS = 100;

/** J that the true total may lie below or above the estimate, at one end. */
export type Doubt = { readonly belowJ: number; readonly aboveJ: number };

/** J used between two moments. */
export type Piece = { readonly joules: number; readonly fromMs: number; readonly toMs: number };

/** What a span could not see: J that the card may have used at most, and for how long. */
export type Unseen = { readonly energyJ: number; readonly ms: number };

export type SpanDoubt = { readonly begin: Doubt; readonly end: Doubt; readonly unseen: Unseen };

/** A running total of J at a moment. */
type Point = { readonly atMs: number; readonly totalJ: number };
type Between = (atMs: number) => number;

/** Which reading answers for a moment: the last one before it, the total interpolated to it, or the first one after it. */
type Rule = 'before' | 'at' | 'after';

/** The total at one moment, found while readings pass in order. Beyond all readings it is that of the nearest. */
function createProbe(momentMs: number, rule: Rule) {
  let found: number | undefined;
  let passed = false;
  return {
    pass(before: Point | undefined, now: Point, between: Between): void {
      if (passed) return;
      passed = now.atMs >= momentMs;
      if (rule === 'before') found = found === undefined || now.atMs <= momentMs ? now.totalJ : found;
      else if (passed) found = before && rule === 'at' ? between(momentMs) : now.totalJ;
    },
    totalJ: (last: Point): number => found ?? last.totalJ,
  };
}

const overlapMs = (aMs: number, bMs: number, fromMs: number, toMs: number): number =>
  Math.max(0, Math.min(bMs, toMs) - Math.max(aMs, fromMs));

/**
 * Energy between two moments from readings of a running total, and by how much it may be wrong because a moment is not a
 * reading. Readings begin before the first moment and go on after the last.
 * @param lagMs a counter: a reading may be this old, and how its steps are spread over time is not known. undefined: the
 * total is known at every moment between readings
 * @param onPiece the estimate, by interval; intervals are in order
 */
export function createSpan(ends: Ends, lagMs: number | undefined, onPiece: (piece: Piece) => void) {
  const { fromMs, toMs, beganByMs = fromMs, endedAfterMs = toMs, endedByMs = toMs } = ends;
  const [floor, ceiling]: [Rule, Rule] = lagMs === undefined ? ['at', 'at'] : ['before', 'after'];
  const probesOf = (earliestMs: number, atMs: number, latestMs: number) => ({
    low: createProbe(earliestMs, floor),
    at: createProbe(atMs, 'at'),
    high: createProbe(latestMs + (lagMs ?? 0), ceiling),
  });
  const begin = probesOf(fromMs, fromMs, beganByMs);
  const end = probesOf(endedAfterMs, toMs, endedByMs);
  const probes = [begin.low, begin.at, begin.high, end.low, end.at, end.high];
  let first: Point | undefined;
  let last: Point | undefined;
  let holeMs = 0;
  let inside = 0;

  function emit(a: Point, b: Point, between: Between): void {
    const [x, y] = [Math.max(a.atMs, fromMs), Math.min(b.atMs, toMs)];
    if (y > x) onPiece({ joules: between(y) - between(x), fromMs: x, toMs: y });
    // the clock was set back in between: the step is known, its time is not
    else if (b.atMs <= a.atMs && b.atMs > fromMs && b.atMs <= toMs)
      onPiece({ joules: b.totalJ - a.totalJ, fromMs: b.atMs, toMs: b.atMs });
  }

  return {
    /**
     * @param joules since the reading before; undefined: not known
     * @param curve share of the joules, 0–1, by share of the time; linear if not given
     */
    add(atMs: number, joules: number | undefined, curve: (share: number) => number = (share) => share): void {
      const before = last;
      const now = { atMs, totalJ: (before?.totalJ ?? 0) + (joules ?? 0) };
      const between: Between = (momentMs) =>
        before && atMs > before.atMs
          ? before.totalJ + (joules ?? 0) * curve((momentMs - before.atMs) / (atMs - before.atMs))
          : now.totalJ;
      for (const probe of probes) probe.pass(before, now, between);
      if (before && joules !== undefined) emit(before, now, between);
      else if (before) holeMs += overlapMs(before.atMs, atMs, fromMs, endedByMs);
      if (atMs >= fromMs && atMs <= endedByMs) inside++;
      first ??= now;
      last = now;
    },

    /** readings between the two moments */
    inside: (): number => inside,

    /**
     * What is not known about the two moments; undefined: there was no reading.
     * @param mostW W that the card can draw at most
     */
    result(mostW: number): SpanDoubt | undefined {
      if (!first || !last) return undefined;
      const newest = last;
      const of = ({ low, at, high }: typeof begin) => ({
        belowJ: at.totalJ(newest) - low.totalJ(newest),
        aboveJ: high.totalJ(newest) - at.totalJ(newest),
      });
      const [began, ended] = [of(begin), of(end)];
      const wholeMs = endedByMs - fromMs;
      // an open span ends with the newest reading, which does not contain all energy yet
      const behindMs = lagMs === undefined ? 0 : Math.min(lagMs, Math.max(0, endedByMs + lagMs - newest.atMs));
      const beforeMs = Number.isFinite(fromMs) ? Math.min(Math.max(0, first.atMs - fromMs), wholeMs) : 0;
      const afterMs = Number.isFinite(endedByMs) ? Math.min(Math.max(0, endedByMs - newest.atMs), wholeMs) : 0;
      // a span without a beginning is what was observed
      const unseenMs = fromMs === -Infinity ? 0 : Math.min(holeMs + beforeMs + afterMs, wholeMs);
      return {
        begin: { belowJ: began.aboveJ, aboveJ: began.belowJ }, // more before the beginning is less in the span
        end: {
          belowJ: ended.belowJ,
          aboveJ: ended.aboveJ + (mostW * behindMs) / 1000,
        },
        unseen: { ms: unseenMs, energyJ: (mostW * unseenMs) / 1000 },
      };
    },
  };
}
