import type { KnownProcess } from '../programs/process-facts.node.ts';
import type { Program } from '../programs/programs.ts';
import type { SessionBook } from './book.ts';

type OpenSession = ReturnType<SessionBook['sessions']['open']>[number];

type Started = { readonly pid: number; readonly startedAt?: string };

/** The start time of an owner as facts of processes have it. A session's has the boot in front of it on Linux. */
const startOf = ({ ownerStart }: OpenSession): string => ownerStart.slice(ownerStart.lastIndexOf(':') + 1);

/** Whether a process is the owner of a session, and not another one that has its PID now. */
const isOwner = (session: OpenSession, { pid, startedAt = '' }: Started): boolean =>
  pid === session.ownerPid && (startedAt === '' || startOf(session) === '' || startedAt === startOf(session));

/** A mark outlives the process that it names. One that is older than the owner was left by an earlier command with its PID. */
const isNoOlder = ({ startedAt }: KnownProcess, session: OpenSession): boolean =>
  startedAt === '' || startOf(session) === '' || BigInt(startedAt) >= BigInt(startOf(session));

/** Sessions that `slowburn run` began, in its own process, and the cards that their processes were seen on. */
export function createManualSessions(
  sessions: Pick<SessionBook['sessions'], 'open'>,
  factsOf: (pid: number) => KnownProcess | undefined,
) {
  let open: readonly OpenSession[] = [];
  const gpusOf = new Map<number, Set<string>>();

  /** The session that started a process, by its ancestors or by the mark in its environment. */
  function starterOf(pid: number): number | undefined {
    const facts = factsOf(pid);
    if (!facts) return undefined;
    const starter = open.find((session) => facts.ancestors.some((ancestor) => isOwner(session, ancestor)));
    return (starter ?? open.find((session) => session.ownerPid === facts.markedBy && isNoOlder(facts, session)))?.id;
  }

  return {
    starterOf,
    open: (): readonly OpenSession[] => open,
    ids: (): readonly number[] => open.map(({ id }) => id),
    gpusOf: (id: number): readonly string[] => [...(gpusOf.get(id) ?? [])],

    /** Looks which are open. One may begin at any moment, also between two lists of processes. */
    refresh(detected: ReadonlySet<number>): void {
      const all = sessions.open();
      if (all.length === detected.size && open.length === 0) return;
      open = all.filter(({ id }) => !detected.has(id));
      for (const id of gpusOf.keys()) if (!open.some((session) => session.id === id)) gpusOf.delete(id);
    },

    /** Notes the cards that programs of these sessions are on. */
    noteGpus(programs: readonly Program[]): void {
      if (open.length === 0) return;
      for (const { pids, gpuUuids } of programs) {
        for (const id of new Set(pids.map(starterOf))) {
          if (id === undefined) continue;
          const seen = gpusOf.get(id) ?? new Set();
          gpuUuids.forEach((uuid) => seen.add(uuid));
          gpusOf.set(id, seen);
        }
      }
    },

    /** Programs that none of these sessions started. A load whose processes are unknown may belong to any of them. */
    othersOf: (programs: readonly Program[]): readonly Program[] =>
      open.length === 0
        ? programs
        : programs.filter(({ pids }) => pids.length > 0 && !pids.some((pid) => starterOf(pid) !== undefined)),
  };
}
