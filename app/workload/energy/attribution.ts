import type { SessionShare } from './shares.ts';
import type { Tick } from '../../telemetry/sampler.ts';
import type { Program } from '../programs/programs.ts';
import { divide, type ShareSpan } from './shares.ts';
import { type Process } from '../programs/programs.ts';

/** A session begun by hand by its id, a program by its key. */
export type Owner = number | string;

/** What is known of who may use the cards. */
export type Users = {
  /** as the driver told last; empty: it told none */
  readonly processesOf: (gpuUuid: string) => readonly Process[];
  /** the session begun by hand that started a process, if one did */
  readonly starterOf: (pid: number) => number | undefined;
  /** does it work, or go on as a session */
  readonly works: (program: Program) => boolean;
  readonly byHand: () => readonly number[];
  /** keys of programs whose sessions go on */
  readonly open: () => readonly string[];
  /** every process on any card */
  readonly known: () => readonly number[];
};

/** undefined: nobody tells */
type Shares = ReadonlyMap<Owner, number | undefined>;
type Stored = { readonly uuid: string; readonly gpuId: number };

/** Shares kept for a program that has not worked long enough to be a session. */
const EARLY_KEPT = 200;

/**
 * Divides each card among the sessions on it, tick by tick, so that their own energies never add up to more than the card
 * used. A session that had a card to itself needs no span; every other has one for each stretch of time.
 */
export function createDivision() {
  /** spans that are not on disk yet: of sessions, and of programs that may become one */
  const unwritten = new Map<Owner, { readonly gpuId: number; span: ShareSpan }[]>();
  /** who used each card at the tick before */
  const usedBy = new Map<number, Shares>();
  let dividedFor = '';
  let lastTickMs: number | undefined;

  /** Where a tick's time begins: at the stamp before it, unless the clock was set meanwhile. */
  function beginOf({ tsMs, dtMs, gap }: Tick): number | undefined {
    if (dtMs === undefined) return gap?.fromMs ?? lastTickMs;
    const beforeMs = tsMs - dtMs;
    return lastTickMs !== undefined && Math.abs(lastTickMs - beforeMs) < dtMs / 4 ? lastTickMs : beforeMs;
  }

  /** A share that stays the same is one span: it grows in memory, and is written every few seconds. */
  function add(owner: Owner, gpuId: number, span: ShareSpan): void {
    const list = unwritten.get(owner) ?? [];
    unwritten.set(owner, list);
    const before = list.findLast((entry) => entry.gpuId === gpuId);
    if (before && before.span.share === span.share && before.span.toMs === span.fromMs) {
      before.span = { ...before.span, toMs: span.toMs };
    } else list.push({ gpuId, span });
    if (list.length > EARLY_KEPT) list.shift();
  }

  return {
    /** @param told the driver told its processes anew with this tick */
    note(tick: Tick, stored: readonly Stored[], told: boolean, programs: readonly Program[], users: Users): void {
      // the card's counter goes on through a gap: what it adds then is divided too
      const fromMs = beginOf(tick);
      lastTickMs = tick.tsMs;
      const working = programs.filter(users.works);
      const now = [...working.map(({ key }) => key), ...users.open(), ...users.byHand()].join('\n');
      // between two lists of processes, and while the same work goes on, nothing is to be divided anew
      const anew = told || tick.dtMs === undefined || now !== dividedFor;
      dividedFor = now;
      for (const { uuid, gpuId } of stored) {
        const before = usedBy.get(gpuId);
        const shares = anew || !before ? sharesOf(uuid, working, users) : before;
        usedBy.set(gpuId, shares);
        if (fromMs === undefined) continue;
        for (const [owner, share] of tick.dtMs === undefined ? undivided(shares, before) : shares)
          if (share !== 1) add(owner, gpuId, { fromMs, toMs: tick.tsMs, share });
      }
    },

    /** A program has become a session that began at that moment. */
    since(key: string, startedMs: number): void {
      const list = unwritten.get(key)?.filter(({ span }) => span.toMs > startedMs);
      if (list) unwritten.set(key, list);
    },

    /** Forgets what will never be a session. */
    keep(wanted: (owner: Owner) => boolean): void {
      for (const owner of unwritten.keys()) if (!wanted(owner)) unwritten.delete(owner);
    },

    /** Hands over what is to be written: the spans of those that are sessions by now. */
    take(idOf: (owner: Owner) => number | undefined): SessionShare[] {
      const rows: SessionShare[] = [];
      for (const [owner, list] of unwritten) {
        const sessionId = idOf(owner);
        if (sessionId === undefined) continue;
        rows.push(...list.map(({ gpuId, span }) => ({ sessionId, gpuId, span })));
        unwritten.delete(owner);
      }
      return rows;
    },
  };
}

/** Who uses a card now, and how much of it. */
function sharesOf(uuid: string, working: readonly Program[], users: Users): Shares {
  const keyOfPid = new Map(working.flatMap(({ key, pids }) => pids.map((pid) => [pid, key] as const)));
  const processes = users.processesOf(uuid);
  const ownerOf = (pid: number): Owner | undefined => users.starterOf(pid) ?? keyOfPid.get(pid);
  const shares = new Map<Owner, number | undefined>(processes.length === 0 ? [] : divide(processes, ownerOf));
  const byHand = users.byHand();
  for (const { key, pids, gpuUuids } of working)
    if (pids.length === 0 && gpuUuids.includes(uuid)) shares.set(key, byHand.length > 0 ? undefined : 1);
  addAbsent(shares, users);
  // whose processes are another's here, begun by hand, or not on this card: what becomes a session later has none of it
  for (const { key } of working) if (!shares.has(key)) shares.set(key, 0);
  return shares;
}

/**
 * Sessions that have no process on the card now. One begun by hand whose processes are on no card at all may be what
 * makes the others work, as a client does: nobody tells. Any other has nothing of what the others use; and where nobody
 * uses the card, what it draws is divided evenly.
 */
function addAbsent(shares: Map<Owner, number | undefined>, users: Users): void {
  const absent = [...users.byHand(), ...users.open()].filter((owner) => !shares.has(owner));
  if (absent.length === 0) return;
  const seen = new Set(users.known().map(users.starterOf));
  const clients = absent.filter((owner) => typeof owner === 'number' && !seen.has(owner));
  const others = shares.size > 0;
  for (const owner of absent) {
    if (clients.length === 0) shares.set(owner, others ? 0 : 1 / absent.length);
    else if (clients.includes(owner)) shares.set(owner, others || clients.length > 1 ? undefined : 1);
    else shares.set(owner, 0);
  }
}

/** What was used in a gap by more than one, nobody saw. */
function undivided(shares: Shares, before: Shares = new Map()): Shares {
  const all = new Set([...shares.keys(), ...before.keys()]);
  const alone = all.size <= 1 && [...shares.values()].every((share) => share === 1);
  return alone ? shares : new Map([...all].map((owner) => [owner, undefined]));
}
