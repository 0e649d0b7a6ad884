/**
 * Time as a parameter. Stamps come from the wall clock, intervals from the monotonic one, which does not jump when the
 * user or a time server sets the clock. The boot clock tells a suspend from a clock that was set: it moves on in both,
 * but a setting does not move it.
 */
export type Clock = {
  /** Milliseconds since 1970, UTC. May step. */
  readonly wallMs: () => number;
  /** Milliseconds since some fixed moment. Never steps back; on Linux it stands still while the machine is suspended. */
  readonly monoMs: () => number;
  /**
   * Milliseconds since the machine started, time in suspend included. Never steps. Resolution 10 ms on Linux.
   * Linux: /proc/uptime, which is CLOCK_BOOTTIME. Windows: GetTickCount64; there the monotonic clock counts suspend too,
   * so a suspend looks like a source that did not answer.
   */
  readonly bootMs: () => number;
  /** Resolves after `ms` milliseconds, or at once when `signal` is or becomes aborted. */
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
};
