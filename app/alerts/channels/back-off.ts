const FIRST_MS = 5_000;
const LONGEST_MS = 15 * 60_000;

/**
 * How long to wait after so many failures in a row: twice as long each time, up to 15 minutes. A random part keeps many
 * recorders from asking a receiver at the same moment when it is back.
 * @param random 0–1
 * @param askedMs what the receiver asked for
 */
export function backOffMs(failures: number, random: number, askedMs = 0): number {
  const fullMs = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(failures - 1, 20));
  return Math.max(askedMs, fullMs * (0.5 + random / 2));
}
