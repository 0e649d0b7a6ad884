/** One run of a sweep. Undefined values were not observed. */
export type SweepPoint = {
  readonly capW: number;
  readonly joulesEach: number | undefined;
  readonly perHour: number | undefined;
  readonly meanTempC: number | undefined;
};

/** `200:400:50` → 200, 250, … 400 W. The last limit is always included, even if the step misses it. */
export function parseCaps(text: string): readonly number[] | undefined {
  const fields = /^(\d+):(\d+):(\d+)$/.exec(text);
  if (!fields) return undefined;
  const [from, to, step] = fields.slice(1).map(Number) as [number, number, number];
  if (step <= 0 || from < 30 || to > 3000 || from > to || (to - from) / step > 40) return undefined;
  const caps: number[] = [];
  for (let cap = from; cap < to; cap += step) caps.push(cap);
  return [...caps, to];
}

/** A curve that rises by less than the error of the measurement has no knee. */
const FLAT = 0.05;

/**
 * The knee: the power limit above which more power adds little output. It is the point of the curve, with both axes
 * scaled to 1, that is farthest above the straight line between its ends (Satopää et al., "Finding a
 * Kneedle in a Haystack", 2011). Undefined for fewer than three points, and for a curve without one.
 */
export function kneeOf(points: readonly SweepPoint[]): SweepPoint | undefined {
  const known = points
    .filter((point): point is SweepPoint & { perHour: number } => point.perHour !== undefined)
    .sort((a, b) => a.capW - b.capW);
  const [first, last] = [known[0], known.at(-1)];
  if (!first || !last || known.length < 3) return undefined;
  const rise = last.perHour - first.perHour;
  if (rise <= FLAT * last.perHour) return undefined;
  const above = ({ capW, perHour }: (typeof known)[number]): number =>
    (perHour - first.perHour) / rise - (capW - first.capW) / (last.capW - first.capW);
  const best = known.reduce((most, point) => (above(point) > above(most) ? point : most));
  return above(best) > FLAT ? best : undefined;
}
