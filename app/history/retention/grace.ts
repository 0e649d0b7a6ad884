import type { LimitField } from './limits.ts';
import type { ShownLimit } from '../schema.ts';

export type { ShownLimit } from '../schema.ts';

/** A limit of full-resolution history: days or MB, the smaller the tighter. null: nothing is deleted by it. */
export type Limit = number | null;

/** A limit and the tighter one that a person asked for, which waits. */
export type GracedLimit = {
  readonly inForce: Limit;
  readonly pending?: { readonly value: number; readonly sinceMs: number };
};

export type ShownLimits = { readonly [F in LimitField]: ShownLimit };

/** How long a tighter limit deletes nothing, so that it can be taken back. */
export const GRACE_MS = 24 * 3_600_000;

const size = (limit: Limit): number => limit ?? Infinity;

/**
 * Puts a pending limit in force once its time has passed. A clock that was set back begins the time again.
 * @param believedMs the wall clock as far as a day of recording bears it out: one that was set ahead shortens nothing
 */
export function mature({ inForce, pending }: GracedLimit, nowMs: number, believedMs: number): GracedLimit {
  if (!pending) return { inForce };
  if (believedMs - pending.sinceMs >= GRACE_MS) return { inForce: pending.value };
  return { inForce, pending: { ...pending, sinceMs: Math.min(pending.sinceMs, nowMs) } };
}

/**
 * What becomes of a limit when settings ask for another. A looser one, or the one in force, holds at once: that is how a
 * change is undone. A tighter one waits; one tighter still waits from now.
 * @param wanted undefined: the settings do not give it, so the last one is remembered and nothing waits
 */
export function follow(limit: GracedLimit, wanted: Limit | undefined, nowMs: number): GracedLimit {
  const { inForce, pending } = limit;
  if (wanted === undefined) return { inForce };
  if (wanted === null || wanted >= size(inForce)) return { inForce: wanted };
  const sinceMs = pending && wanted >= pending.value ? Math.min(pending.sinceMs, nowMs) : nowMs;
  return { inForce, pending: { value: wanted, sinceMs } };
}
