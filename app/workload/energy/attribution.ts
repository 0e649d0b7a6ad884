import type { Tick } from '../../telemetry/sampler.ts';
import type { Process, Program } from '../programs/programs.ts';
import { divide, type SessionShare, type ShareSpan } from './shares.ts';

/** Whose energy it is: the id of a session that `slowburn run` began, or the key of a program. */
export type Owner = number | string;

/** What is known about the users of the cards. */
export type Users = {
  /** the newest list of a card; empty: the driver lists none */
  readonly processesOf: (gpuUuid: string) => readonly Process[];
  /** the manual session that started a process */
  readonly starterOf: (pid: number) => number | undefined;
  /** whether a program works now, or has a running session */
  readonly works: (program: Program) => boolean;
  /** ids of manual sessions that are running */
  readonly manual: () => readonly number[];
  /** keys of programs whose detected sessions are running */
  readonly detected: () => readonly string[];
  /** every process on any card */
  readonly pids: () => readonly number[];
};

/** Share of each owner, 0–1; undefined: several work, and the driver does not report how much each uses. */
type Shares = ReadonlyMap<Owner, number | undefined>;
type Stored = { readonly uuid: string; readonly gpuId: number };

/** Spans kept for a program that has not worked long enough to be a session. */
const MOST_EARLY_SPANS = 200;

/**
 * Attributes each card's energy to the sessions on it, tick by tick. The energies of all sessions never add up to more
 * than the card used. A session that had a card to itself needs no span; any other has one per stretch of time.
 */
export function createAttribution(users: Users) {
  /** spans not yet on disk, of sessions and of programs that may become one */
  const unwritten = new Map<Owner, { readonly gpuId: number; span: ShareSpan }[]>();
  /** who used each card at the tick before */
  const usedBy = new Map<number, Shares>();
  /** which session has a card to itself, and since when */
  const sole = new Map<number, { readonly owner: Owner; readonly sinceMs: number }>();
  /** stamp of the newest list of processes */
  let listedMs: number | undefined;
  let lastWorkers = '';
  let lastTickMs: number | undefined;

  /** Where a tick's time begins: at the stamp before it, unless the clock was set in between. */
  function beginOf({ tsMs, dtMs, gap }: Tick): number | undefined {
    if (dtMs === undefined) return gap?.fromMs ?? lastTickMs;
    const beforeMs = tsMs - dtMs;
    return lastTickMs !== undefined && Math.abs(lastTickMs - beforeMs) < dtMs / 4 ? lastTickMs : beforeMs;
  }

  /** An unchanged share extends its span in memory, which is written every few seconds. */
  function add(owner: Owner, gpuId: number, span: ShareSpan): void {
    const list = unwritten.get(owner) ?? [];
    unwritten.set(owner, list);
    const before = list.findLast((entry) => entry.gpuId === gpuId);
    if (before && before.span.share === span.share && before.span.toMs === span.fromMs) {
      before.span = { ...before.span, toMs: span.toMs };
    } else list.push({ gpuId, span });
    if (list.length > MOST_EARLY_SPANS) list.shift();
  }

  /** Notes whether a session has a card to itself, and since when. */
  function noteSole(gpuId: number, shares: Shares, fromMs: number): void {
    const owner = soleOf(shares);
    if (owner === undefined) sole.delete(gpuId);
    else if (sole.get(gpuId)?.owner !== owner) sole.set(gpuId, { owner, sinceMs: fromMs });
  }

  /**
   * A program that a list shows for the first time may have begun at any moment since the list before. So what the card
   * used since then is not known to be that of the session which had it alone.
   */
  function noteArrivals(gpuId: number, shares: Shares, untilMs: number): void {
    const alone = sole.get(gpuId);
    if (!alone || listedMs === undefined) return;
    const fromMs = Math.max(listedMs, alone.sinceMs);
    const others = [...shares].some(([owner, share]) =>
      owner === alone.owner ? share !== 1 && share !== 0 : share !== 0,
    );
    if (others && fromMs < untilMs) add(alone.owner, gpuId, { fromMs, toMs: untilMs, share: undefined });
  }

  return {
    /** @param listed the tick brought new lists of processes */
    note(tick: Tick, stored: readonly Stored[], listed: boolean, programs: readonly Program[]): void {
      const fromMs = beginOf(tick); // the card's counter runs on through a gap, so that time is attributed too
      lastTickMs = tick.tsMs;
      const working = programs.filter(users.works);
      const workers = [...working.map(({ key }) => key), ...users.detected(), ...users.manual()].join('\n');
      // shares change only with a new list, after a gap, or when a program starts or stops
      const changed = listed || tick.dtMs === undefined || workers !== lastWorkers;
      lastWorkers = workers;
      for (const { uuid, gpuId } of stored) {
        const before = usedBy.get(gpuId);
        const shares = changed || !before ? sharesOf(uuid, working, users) : before;
        usedBy.set(gpuId, shares);
        if (fromMs === undefined) continue;
        if (listed && tick.dtMs !== undefined) noteArrivals(gpuId, shares, fromMs);
        noteSole(gpuId, shares, tick.dtMs === undefined ? tick.tsMs : fromMs);
        for (const [owner, share] of tick.dtMs === undefined ? sharesInGap(shares, before) : shares)
          if (share !== 1) add(owner, gpuId, { fromMs, toMs: tick.tsMs, share });
      }
      if (listed) listedMs = tick.tsMs;
    },

    /** A program has become a session that began at that moment. */
    since(key: string, startedMs: number): void {
      const list = unwritten.get(key)?.filter(({ span }) => span.toMs > startedMs);
      if (list) unwritten.set(key, list);
    },

    /** Forgets owners that will never be a session. */
    keep(wanted: (owner: Owner) => boolean): void {
      for (const owner of unwritten.keys()) if (!wanted(owner)) unwritten.delete(owner);
    },

    /** Hands over the spans to write: those of owners that are sessions by now. */
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

/** The only owner that uses a card, if all of the card is its own. */
function soleOf(shares: Shares): Owner | undefined {
  const [only, ...others] = [...shares].filter(([, share]) => share !== 0);
  return only?.[1] === 1 && others.length === 0 ? only[0] : undefined;
}

/** Who uses a card now, and how much of it. */
function sharesOf(uuid: string, working: readonly Program[], users: Users): Shares {
  const keyOfPid = new Map(working.flatMap(({ key, pids }) => pids.map((pid) => [pid, key] as const)));
  const processes = users.processesOf(uuid);
  const ownerOf = (pid: number): Owner | undefined => users.starterOf(pid) ?? keyOfPid.get(pid);
  const shares = new Map<Owner, number | undefined>(processes.length === 0 ? [] : divide(processes, ownerOf));
  const manual = users.manual();
  for (const { key, pids, gpuUuids } of working)
    if (pids.length === 0 && gpuUuids.includes(uuid)) shares.set(key, manual.length > 0 ? undefined : 1);
  addAbsent(shares, users);
  // a working program without a share here: its processes belong to a manual session or are on another card
  for (const { key } of working) if (!shares.has(key)) shares.set(key, 0);
  return shares;
}

/**
 * Adds sessions that have no process on the card. A manual session without processes on any card may be the client of
 * the programs that work, so its share is unknown. Any other uses nothing while another program uses the card. If none
 * uses the card, its idle energy is divided evenly.
 */
function addAbsent(shares: Map<Owner, number | undefined>, users: Users): void {
  const absent = [...users.manual(), ...users.detected()].filter((owner) => !shares.has(owner));
  if (absent.length === 0) return;
  const seen = new Set(users.pids().map(users.starterOf));
  const clients = absent.filter((owner) => typeof owner === 'number' && !seen.has(owner));
  const others = shares.size > 0;
  for (const owner of absent) {
    if (clients.length === 0) shares.set(owner, others ? 0 : 1 / absent.length);
    else if (clients.includes(owner)) shares.set(owner, others || clients.length > 1 ? undefined : 1);
    else shares.set(owner, 0);
  }
}

/** Energy used during a gap by several sessions cannot be attributed. */
function sharesInGap(shares: Shares, before: Shares = new Map()): Shares {
  const all = new Set([...shares.keys(), ...before.keys()]);
  const alone = all.size <= 1 && [...shares.values()].every((share) => share === 1);
  return alone ? shares : new Map([...all].map((owner) => [owner, undefined]));
}
