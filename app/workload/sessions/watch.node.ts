import type { StoredTick } from '../../history/history.ts';
import type { SessionBook } from './book.ts';
import type { Tick } from '../../telemetry/sampler.ts';
import { noAccounts, type Accounts } from '../adapters/program-status.ts';
import { createDetector, type Ended } from './detect.ts';
import { type Program } from '../programs/programs.ts';
import { createDivision, type Owner, type Users } from '../energy/attribution.ts';
import { matchProcess, modelFromCommand } from '../programs/match.ts';
import type { ProgramRule } from '../programs/schema.ts';
import type { Outputs, Workload } from './schema.ts';
import { createFactsCache, type KnownProcess } from '../programs/process-facts.node.ts';
import { leaderOf, programsOf, type Known } from '../programs/programs.ts';
import { isAlive } from '../../core/recorder-note.node.ts';
import type { Process } from '../programs/programs.ts';

export type WatchOptions = {
  readonly store: SessionBook;
  readonly accounts?: Accounts;
  readonly rules?: readonly ProgramRule[];
  readonly onSessions: () => void;
};

type Open = {
  readonly id: number;
  readonly startedMs: number;
  readonly pids: Set<number>;
  /** the process that leads the program */
  readonly leader: number;
  program: Program;
  /** as of the last list of processes: of the same moment as what it has used by then */
  outputs?: Outputs;
};

const WRITE_EVERY_MS = 5_000;

/** Told processes hold until the next slow tick; for longer they are not believed. */
const PROCESSES_HOLD_MS = 30_000;

/**
 * Follows who loads the cards: recognises programs, finds their sessions, and notes who shared a card with whom. Feed it
 * each tick after it was written.
 */
export function createWorkloadWatch({ store, accounts = noAccounts, rules: first = [], onSessions }: WatchOptions) {
  let rules = first;
  const cache = createFactsCache();
  const detector = createDetector();
  const latest = new Map<string, { readonly tsMs: number; readonly processes: readonly Process[] }>();
  const known = new Map<
    number,
    Known & { readonly facts: KnownProcess; readonly key: string; readonly leader: number }
  >();
  const open = new Map<string, Open>();
  const division = createDivision();
  let writtenMs = 0;
  /** when lists of processes came last: until then it is settled who used what */
  let toldMs: number | undefined;
  /** the cards that sessions begun by hand were seen on */
  const handGpus = new Map<number, Set<string>>();
  let programs: readonly Program[] = [];
  let byHand: ReturnType<SessionBook['sessions']['open']> = [];

  function learn(process: Process) {
    const facts = cache.of(process.pid, process.name);
    if (!facts) {
      known.delete(process.pid);
      return undefined;
    }
    const before = known.get(process.pid);
    if (before?.facts === facts) return before;
    const match = matchProcess(facts, rules);
    const leader = match ? leaderOf(facts, match, rules) : process.pid;
    const entry = { facts, match, leader, key: match ? `${match.id}:${leader}` : '' };
    known.set(process.pid, entry);
    return entry;
  }

  /** The session begun by hand that started a process, if one did. */
  function starterOf(pid: number): number | undefined {
    const facts = known.get(pid)?.facts;
    if (!facts) return undefined;
    const starter = byHand.find(({ ownerPid }) => facts.ancestors.some((ancestor) => ancestor.pid === ownerPid));
    if (starter) return starter.id;
    return byHand.find(({ ownerPid }) => ownerPid === facts.markedBy)?.id;
  }

  const isByHand = ({ pids }: Program): boolean => pids.some((pid) => starterOf(pid) !== undefined);
  const works = ({ key, loads, running }: Program): boolean => loads || Boolean(running) || open.has(key);

  function takeProcesses(tick: Tick): boolean {
    let told = false;
    for (const { gpu, processes } of tick.gpus) {
      if (!processes) continue;
      told = true;
      latest.set(gpu.uuid, { tsMs: tick.tsMs, processes });
    }
    if (!told) return false;
    const alive = new Set([...latest.values()].flatMap(({ processes }) => processes.map(({ pid }) => pid)));
    cache.keep(alive);
    for (const pid of known.keys()) if (!alive.has(pid)) known.delete(pid);
    const unique = new Map([...latest.values()].flatMap(({ processes }) => processes.map((one) => [one.pid, one])));
    unique.forEach(learn); // a process on eight cards is looked at once
    return true;
  }

  /** Begun by a person, perhaps between two lists of processes. */
  function takeByHand(): void {
    const all = store.sessions.open();
    if (all.length === open.size && byHand.length === 0) return;
    const own = new Set([...open.values()].map(({ id }) => id));
    byHand = all.filter(({ id }) => !own.has(id));
  }

  const users: Users = {
    processesOf: (uuid) => latest.get(uuid)?.processes ?? [],
    starterOf,
    works,
    byHand: () => byHand.map(({ id }) => id),
    open: () => [...open.keys()],
    known: () => [...known.keys()],
  };
  const writeShares = (): void => {
    const rows = division.take((owner) => (typeof owner === 'number' ? owner : open.get(owner)?.id));
    if (rows.length > 0) store.shares.note(rows);
  };

  /** A program that says it rests while the driver cannot tell who loads the card is believed. */
  function withAccount(program: Program): Program {
    const running = accounts.of(program.key)?.running;
    if (running === undefined) return program;
    const told = program.pids.some((pid) => smPctOf(pid) !== undefined);
    return { ...program, running, loads: program.loads && (running > 0 || told) };
  }

  const smPctOf = (pid: number): number | undefined => {
    for (const { processes } of latest.values()) {
      const found = processes.find((process) => process.pid === pid);
      if (found?.smPct !== undefined) return found.smPct;
    }
    return undefined;
  };

  function workloadOf(program: Program, outputs = accounts.of(program.key)?.outputs): Workload {
    const account = accounts.of(program.key);
    const command = program.pids.map((pid) => known.get(pid)?.facts.command ?? []);
    const model = account?.model ?? command.map((line) => modelFromCommand(line)).find(Boolean);
    const { match } = program;
    return {
      kind: match?.kind ?? 'other',
      found: 'detected',
      program: program.name,
      ...(match && { evidence: match.evidence }),
      ...(match?.adapter && { adapter: match.adapter }),
      ...(model && { model }),
      ...(outputs && { outputs }),
      ...(account?.note && { note: account.note }),
    };
  }

  function begin(program: Program, startedMs: number): void {
    const command = known.get(program.pids[0] ?? -1)?.facts.command.join(' ') ?? '';
    const id = store.sessions.begin(program.name, command, startedMs, process.pid);
    const leader = known.get(program.pids[0] ?? -1)?.leader ?? 0;
    open.set(program.key, { id, startedMs, pids: new Set(program.pids), leader, program });
    division.since(program.key, startedMs);
    accounts.begin(program.key, startedMs);
    store.sessions.note(id, program.gpuUuids, { gpus: [], workload: workloadOf(program) });
  }

  /** What sessions have come to so far is on disk too: a recorder that is killed loses no more than seconds of it. */
  function noteProgress(untilMs: number): void {
    store.progress.keep(new Set(store.sessions.open().map(({ id }) => id)));
    for (const session of open.values()) {
      const { gpuUuids } = session.program;
      const gpus = store.progress.of(session, gpuUuids, untilMs);
      store.sessions.note(session.id, gpuUuids, { gpus, workload: workloadOf(session.program, session.outputs) });
    }
    for (const session of byHand) {
      const before = store.sessions.byId(session.id);
      const uuids = [...new Set([...(before?.gpus ?? []), ...(handGpus.get(session.id) ?? [])])];
      const gpus = store.progress.of(session, uuids, untilMs);
      if (gpus.length > 0) store.sessions.note(session.id, uuids, { ...before?.summary, gpus });
    }
  }

  /** Sessions whose program has ended: neither what led it nor any process that was seen of it is there any more. */
  function endedPrograms(): readonly Ended[] {
    return [...open].flatMap(([key, { pids, leader }]) => {
      if (pids.size === 0 || isAlive(leader) || [...pids].some(isAlive)) return [];
      return detector.leave(key) ?? [];
    });
  }

  /** Which cards the sessions begun by hand are on. */
  function noteHandGpus(): void {
    for (const { pids, gpuUuids } of byHand.length > 0 ? programs : []) {
      for (const id of new Set(pids.map(starterOf))) {
        if (id === undefined) continue;
        const seen = handGpus.get(id) ?? new Set();
        gpuUuids.forEach((uuid) => seen.add(uuid));
        handGpus.set(id, seen);
      }
    }
    for (const id of handGpus.keys()) if (!byHand.some((session) => session.id === id)) handGpus.delete(id);
  }

  function end({ key, endedMs }: Ended): void {
    const session = open.get(key);
    if (!session) return;
    writeShares();
    open.delete(key);
    const { outputs, marks } = accounts.end(key);
    store.finishSession(session, endedMs, null, session.pids, {
      workload: workloadOf(session.program, outputs),
      gpuUuids: session.program.gpuUuids,
      ...(marks && { marks }),
    });
  }

  return {
    feed(tick: Tick, stored: readonly StoredTick[]): void {
      const told = takeProcesses(tick);
      takeByHand();
      programs = programsOf(
        tick,
        (uuid) => {
          const entry = latest.get(uuid);
          return entry && tick.tsMs - entry.tsMs < PROCESSES_HOLD_MS ? entry.processes : undefined;
        },
        (process) => known.get(process.pid),
        (entry) => known.get(entry.facts.pid)!.key,
      ).map(withAccount);
      division.note(tick, stored, told, programs, users);
      // what `slowburn run` sums up in its own process must be there when it does
      const due = Math.abs(tick.tsMs - writtenMs) >= WRITE_EVERY_MS;
      if (byHand.length > 0 || due) writeShares();
      const tells = toldMs !== undefined && tick.tsMs - toldMs < PROCESSES_HOLD_MS;
      if (told || !tells) {
        toldMs = told ? tick.tsMs : undefined;
        for (const [key, session] of open) session.outputs = accounts.of(key)?.outputs;
      }
      noteHandGpus();
      if (due) {
        noteProgress((toldMs ?? tick.tsMs) + 1);
        writtenMs = tick.tsMs;
      }
      const handKeys = new Set(byHand.length > 0 ? programs.filter(isByHand).map(({ key }) => key) : []);
      const free = programs.filter(({ key, pids }) => !handKeys.has(key) && (pids.length > 0 || byHand.length === 0));
      if (told) {
        const here = new Set<Owner>(programs.map(({ key }) => key));
        division.keep((owner) => typeof owner === 'number' || open.has(owner) || here.has(owner));
        accounts.follow(programs.map((program) => ({ ...program, leader: known.get(program.pids[0]!)?.leader ?? 0 })));
      }
      const { began, ended } = detector.feed(tick.tsMs, free);
      for (const program of free) {
        const session = open.get(program.key);
        if (!session) continue;
        session.program = { ...program, gpuUuids: [...new Set([...session.program.gpuUuids, ...program.gpuUuids])] };
        program.pids.forEach((pid) => session.pids.add(pid));
      }
      for (const found of began) begin(found.program, found.startedMs);
      const over = due ? endedPrograms() : [];
      for (const gone of [...ended, ...over]) end(gone);
      if (began.length + ended.length + over.length > 0) onSessions();
    },

    programs: (): readonly Program[] => programs,
    progress: (key: string): ReturnType<Accounts['of']> => accounts.of(key),

    setRules(next: readonly ProgramRule[]): void {
      if (next === rules) return;
      rules = next;
      known.clear();
    },

    /** Ends what goes on, with what was seen of it. */
    stop(): void {
      detector.finish().forEach(end);
      accounts.stop();
    },
  };
}

export type WorkloadWatch = ReturnType<typeof createWorkloadWatch>;
