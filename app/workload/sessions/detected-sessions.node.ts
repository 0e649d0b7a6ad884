import { isRunning, type ProcessId } from '../../core/process-start.node.ts';
import type { ProgramStatuses } from '../adapters/program-status.ts';
import { startedAtOf, startOf } from '../programs/process-facts.node.ts';
import type { Program } from '../programs/programs.ts';
import type { SessionBook } from './book.ts';
import type { Ended, Found } from './detect.ts';
import type { Roster } from './roster.node.ts';
import type { Outputs, Workload } from './schema.ts';

type Running = {
  readonly id: number;
  readonly startedMs: number;
  readonly beganByMs: number;
  /** every process that was ever seen of the program: its PID, and when the newest one that had it started */
  readonly pids: Map<number, string>;
  readonly leader: ProcessId;
  program: Program;
  /** as of the newest list of processes, like the energy that is shown beside it */
  outputs?: Outputs;
};

/** The start time of a process that had ended when it was looked up. */
const GONE = 'gone';

/** Whether this very process is there, not another one that has its PID now. */
const isThere = (process: ProcessId): boolean => isRunning(process, startedAtOf);

/** What is known about the processes of a program. */
type ProgramFacts = Pick<Roster, 'leaderOf' | 'factsOf' | 'commandsOf' | 'modelOf'>;

/** Sessions that Slowburn detected and that are running: begins, updates and ends them. */
export function createDetectedSessions(book: SessionBook, roster: ProgramFacts, statuses: ProgramStatuses) {
  const running = new Map<string, Running>();

  function workloadOf(program: Program, outputs = statuses.of(program.key)?.outputs): Workload {
    const status = statuses.of(program.key);
    const model = status?.model ?? roster.modelOf(program);
    const { match } = program;
    return {
      kind: match?.kind ?? 'other',
      found: 'detected',
      program: program.name,
      ...(match && { evidence: match.evidence }),
      ...(match?.adapter && { adapter: match.adapter }),
      ...(model && { model }),
      ...(outputs && { outputs }),
      ...(status?.note && { note: status.note }),
    };
  }

  const startsOf = ({ pids }: Program): Map<number, string> =>
    new Map(pids.map((pid) => [pid, roster.factsOf(pid)?.startedAt ?? GONE]));

  return {
    keys: (): readonly string[] => [...running.keys()],
    has: (key: string): boolean => running.has(key),
    ids: (): ReadonlySet<number> => new Set([...running.values()].map(({ id }) => id)),
    idOf: (key: string): number | undefined => running.get(key)?.id,

    begin({ program, fromMs: startedMs, beganByMs }: Found): void {
      const command = roster.commandsOf(program)[0]?.join(' ') ?? '';
      const id = book.sessions.begin(program.name, command, startedMs, process.pid, startOf(process.pid));
      const pid = roster.leaderOf(program);
      const leader = { pid, startedAt: startedAtOf(pid) ?? GONE };
      running.set(program.key, { id, startedMs, beganByMs, pids: startsOf(program), leader, program });
      statuses.begin(program.key, startedMs);
      book.sessions.note(id, program.gpuUuids, { gpus: [], workload: workloadOf(program) });
    },

    /** Adds the processes and cards on which programs are now. */
    update(programs: readonly Program[]): void {
      for (const program of programs) {
        const session = running.get(program.key);
        if (!session) continue;
        const gpuUuids = [...new Set([...session.program.gpuUuids, ...program.gpuUuids])];
        session.program = { ...program, gpuUuids };
        for (const [pid, startedAt] of startsOf(program)) session.pids.set(pid, startedAt);
      }
    },

    /** Fixes the outputs that are shown with the energy up to this moment. */
    noteOutputs(): void {
      for (const [key, session] of running) session.outputs = statuses.of(key)?.outputs;
    },

    /** Writes what each session has used so far: a recorder that is killed loses only seconds of it. */
    writeProgress(untilMs: number): void {
      for (const session of running.values()) {
        const { gpuUuids } = session.program;
        const gpus = book.progress.of(session, gpuUuids, untilMs);
        book.sessions.note(session.id, gpuUuids, { gpus, workload: workloadOf(session.program, session.outputs) });
      }
    },

    /** Keys of sessions whose program has ended: its leader and every process of it are gone. */
    endedPrograms: (): readonly string[] =>
      [...running].flatMap(([key, { pids, leader }]) =>
        pids.size > 0 && !isThere(leader) && ![...pids].some(([pid, startedAt]) => isThere({ pid, startedAt }))
          ? [key]
          : [],
      ),

    end({ key, toMs, ...end }: Ended): void {
      const session = running.get(key);
      if (!session) return;
      running.delete(key);
      const { outputs, marks } = statuses.end(key);
      book.finishSession(session, toMs, null, new Set(session.pids.keys()), {
        workload: workloadOf(session.program, outputs),
        gpuUuids: session.program.gpuUuids,
        uncertain: { beganByMs: session.beganByMs, ...end },
        ...(marks && { marks }),
      });
    },
  };
}
