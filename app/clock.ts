/**
 * Time as a parameter. Stamps come from the wall clock, intervals from the monotonic one, which does not jump when the
 * user or a time server sets the clock.
 */
export type Clock = {
  /** Milliseconds since 1970, UTC. May step. */
  readonly wallMs: () => number;
  /** Milliseconds since some fixed moment. Never steps back; on Linux it stands still while the machine is suspended. */
  readonly monoMs: () => number;
  /** Resolves after `ms` milliseconds, or at once when `signal` is or becomes aborted. */
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
};
