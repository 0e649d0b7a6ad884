/**
 * Time as a parameter. Timestamps come from the wall clock. Intervals come from the monotonic clock, which does not jump
 * when the user or a time server sets the time. The boot clock distinguishes the two reasons for a jump of the wall
 * clock: it advances during a suspend, and does not change when the time is set.
 */
export type Clock = {
  /** Milliseconds since 1970, UTC. May step. */
  readonly wallMs: () => number;
  /** Milliseconds since a fixed moment. Never steps back. On Linux it stops while the machine is suspended. */
  readonly monoMs: () => number;
  /**
   * Milliseconds since the machine started, including time in suspend. Never steps. Resolution 10 ms on Linux.
   * Linux: /proc/uptime, which is CLOCK_BOOTTIME. Windows: GetTickCount64. There the monotonic clock counts suspend too,
   * so a suspend looks like a source that did not respond.
   */
  readonly bootMs: () => number;
  /** Resolves after `ms` milliseconds, or at once when `signal` is or becomes aborted. */
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
};
