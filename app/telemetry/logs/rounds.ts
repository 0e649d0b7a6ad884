/**
 * Tells cards apart in rows that do not name them. nvidia-smi prints one row per card, one card after the other, then
 * waits for the next round: rows of a round are close together in time, rounds are far apart.
 */
export type Rounds = {
  /** rows of a whole round; 1: all rows are of one card */
  readonly size: number;
  /** a step of at least this, ms, begins another round */
  readonly apartMs: number;
};

/** Steps within a round are at most this long, and steps between rounds at least this many times as long. */
const CLOSE_MS = 100;
const APART = 5;
/** Rows of one card are never closer together than this: nvidia-smi needs longer to read it again. */
const ONE_CARD_MS = 5;
/** At least this share of the rounds has the same size; in the others a card is missing. */
const ALIKE = 0.75;

const ONE: Rounds = { size: 1, apartMs: 0 };

/** Sizes of the rounds, and their most frequent size with its share. */
function sizesOf(steps: readonly number[], apartMs: number, isWhole: boolean) {
  const sizes = [1];
  for (const step of steps) {
    if (step < 0 || step >= apartMs) sizes.push(1);
    else sizes[sizes.length - 1]!++;
  }
  if (!isWhole) sizes.pop();
  const counts = new Map<number, number>();
  for (const size of sizes) counts.set(size, (counts.get(size) ?? 0) + 1);
  const [size, count] = [...counts].reduce((most, one) => (one[1] > most[1] ? one : most), [1, 0]);
  return { count: sizes.length, size, share: count / Math.max(1, sizes.length) };
}

/**
 * The rounds in stamps, ms, in the order of the rows. Without a pattern all rows are of one card.
 * @param isWhole whether these are all rows; if not, the last round may be incomplete
 */
export function findRounds(stamps: readonly number[], isWhole: boolean): Rounds {
  const steps = stamps.slice(1).map((ms, i) => ms - stamps[i]!);
  const ahead = steps.filter((step) => step >= 0).sort((a, b) => a - b);
  if (ahead.length === 0) return ONE;
  const border = ahead.findIndex((step, i) => i > 0 && step >= APART * Math.max(1, ahead[i - 1]!));
  // one round alone, or one card read at a steady pace
  if (border < 0) return ahead.at(-1)! < ONE_CARD_MS ? { size: stamps.length, apartMs: Infinity } : ONE;
  if (ahead[border - 1]! > CLOSE_MS) return ONE;
  const apartMs = ahead[border]!;
  const { count, size, share } = sizesOf(steps, apartMs, isWhole);
  return count > 1 && (share === 1 || (count > 2 && share >= ALIKE)) ? { size, apartMs } : ONE;
}
