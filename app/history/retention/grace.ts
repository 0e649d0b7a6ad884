import type { LimitField } from './limits.ts';
import type { ShownLimit } from '../schema.ts';

export type { ShownLimit } from '../schema.ts';

/** A limit of full-resolution history: days or MB, the smaller the tighter. null: nothing is deleted by it. */
export type Limit = number | null;

/** A limit, and the tighter one that a person set and that is waiting. */
export type GracedLimit = {
  readonly inForce: Limit;
  readonly pending?: { readonly value: number; readonly sinceMs: number };
};

export type ShownLimits = { readonly [F in LimitField]: ShownLimit };

/** How long a tighter limit deletes nothing, so that a person can undo it. */
export const GRACE_MS = 24 * 3_600_000;

const size = (limit: Limit): number => limit ?? Infinity;

/**
 * Applies a pending limit once its grace has passed. A clock that was set back restarts the grace.
 * @param believedMs the wall clock as confirmed by a day of recording: a clock that was set ahead shortens nothing
 */
export function mature({ inForce, pending }: GracedLimit, nowMs: number, believedMs: number): GracedLimit {
  if (!pending) return { inForce };
  if (believedMs - pending.sinceMs >= GRACE_MS) return { inForce: pending.value };
  return { inForce, pending: { ...pending, sinceMs: Math.min(pending.sinceMs, nowMs) } };
}

/**
 * A limit after the settings changed it. A looser one, or the one in force, applies at once: that undoes a change. A
 * tighter one waits. An even tighter one waits from now.
 * @param wanted undefined if the settings lack it: the last one is remembered and nothing waits
 */
export function follow(limit: GracedLimit, wanted: Limit | undefined, nowMs: number): GracedLimit {
  const { inForce, pending } = limit;
  if (wanted === undefined) return { inForce };
  if (wanted === null || wanted >= size(inForce)) return { inForce: wanted };
  const sinceMs = pending && wanted >= pending.value ? Math.min(pending.sinceMs, nowMs) : nowMs;
  return { inForce, pending: { value: wanted, sinceMs } };
}
