import type { Process } from '../programs/programs.ts';

/**
 * A session's share of a GPU during a span of time: 0–1 by SM time; undefined while others worked too and the driver did
 * not report how much. Outside all spans the session had the card to itself.
 */
export type ShareSpan = { readonly fromMs: number; readonly toMs: number; readonly share: number | undefined };

/** Share at a moment. Spans are in order and do not overlap. */
export function shareAt(spans: readonly ShareSpan[], atMs: number): number | undefined {
  let low = 0;
  let high = spans.length;
  while (low < high) {
    const mid = (low + high) >> 1;
    if (spans[mid]!.toMs <= atMs) low = mid + 1;
    else high = mid;
  }
  const span = spans[low];
  return span && span.fromMs <= atMs ? span.share : 1;
}

/** Shares are rounded to this: the driver reports SM time in whole per cent of a sampling window. */
const STEP = 0.05;

/**
 * Divides a GPU among the owners of its processes. A single owner gets all of it. Several are divided by SM time if the
 * driver reports it for each process; otherwise each share is undefined. Shares never add up to more than 1.
 * @param ownerOf the session, or program that may become one, that a process belongs to; undefined: none
 */
export function divide<Owner>(
  processes: readonly Process[],
  ownerOf: (pid: number) => Owner | undefined,
): ReadonlyMap<Owner, number | undefined> {
  const owners = new Map<Owner, number>();
  let totalPct = 0;
  let othersPct = 0;
  let known = true;
  let strangers = false;
  for (const { pid, smPct, type } of processes) {
    const owner = ownerOf(pid);
    if (smPct !== undefined) totalPct += smPct;
    else if (owner !== undefined) known = false;
    else strangers ||= type === 'compute'; // a desktop's compositor without a reported load does not count
    if (owner !== undefined) owners.set(owner, (owners.get(owner) ?? 0) + (smPct ?? 0));
    else othersPct += smPct ?? 0;
  }
  const shares = new Map<Owner, number | undefined>();
  for (const [owner, smPct] of owners) {
    if (owners.size === 1 && othersPct === 0 && !strangers) shares.set(owner, 1);
    else if (!known || strangers) shares.set(owner, undefined);
    else if (totalPct === 0)
      shares.set(owner, 1 / owners.size); // all are idle: the card's idle energy is divided evenly
    else shares.set(owner, Math.round(smPct / totalPct / STEP) * STEP);
  }
  return capped(shares);
}

/** If rounding brings the sum above 1, the largest share is reduced, so that no joule is counted twice. */
function capped<Owner>(shares: Map<Owner, number | undefined>): ReadonlyMap<Owner, number | undefined> {
  const known = [...shares].filter((entry): entry is [Owner, number] => entry[1] !== undefined);
  const over = known.reduce((sum, [, share]) => sum + share, 0) - 1;
  if (over <= 0) return shares;
  const [owner, share] = known.reduce((a, b) => (b[1] > a[1] ? b : a));
  return shares.set(owner, share - over);
}

/** A span of one session on one card, as it is stored. */
export type SessionShare = { readonly sessionId: number; readonly gpuId: number; readonly span: ShareSpan };
