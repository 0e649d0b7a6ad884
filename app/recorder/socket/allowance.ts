/** So many at once, and then so many per second. */
export function createAllowance(most: number, perSecond: number) {
  let left = most;
  let sinceMs: number | undefined;
  return {
    /** Uses one up; false: there is none left. */
    take(nowMs: number): boolean {
      left = Math.min(most, left + ((nowMs - (sinceMs ?? nowMs)) * perSecond) / 1000);
      sinceMs = nowMs;
      if (left < 1) return false;
      left--;
      return true;
    },
  };
}
