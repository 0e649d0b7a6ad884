import { isAlive } from '../../core/process-start.node.ts';
import type { Tick } from '../../telemetry/sampler.ts';
import type { ProgramStatuses } from '../adapters/program-status.ts';
import { matchProcess, modelFromCommand } from '../programs/match.ts';
import { ollamaNames } from '../programs/ollama-manifests.node.ts';
import { createFactsCache, type KnownProcess } from '../programs/process-facts.node.ts';
import { leaderOf, programsOf, type Process, type Program, type RecognisedProcess } from '../programs/programs.ts';
import type { ProgramRule } from '../programs/schema.ts';
import { serversOf, type ServerProcess } from '../programs/servers.ts';

type Entry = RecognisedProcess & { readonly facts: KnownProcess; readonly leader: number };
type ProcessList = { readonly tsMs: number; readonly processes: readonly Process[] };

/** Sources list processes only now and then. A list older than this is not used. */
export const PROCESSES_VALID_MS = 30_000;

/** Command lines whose models are kept. */
const MOST_NAMES = 200;

/** From the processes on the cards to the programs that they belong to. */
export function createRoster(statuses: ProgramStatuses, firstRules: readonly ProgramRule[]) {
  let rules = firstRules;
  const cache = createFactsCache();
  /** the newest list of each card */
  const lists = new Map<string, ProcessList>();
  const entries = new Map<number, Entry>();

  function recognise(process: Process): void {
    const facts = cache.of(process.pid, process.name);
    if (!facts) {
      entries.delete(process.pid);
      return;
    }
    if (entries.get(process.pid)?.facts === facts) return;
    const match = matchProcess(facts, rules);
    const leader = match ? leaderOf(facts, match, rules) : process.pid;
    const key = match ? `${match.id}:${leader}` : `process:${process.pid}:${facts.startedAt}`;
    entries.set(process.pid, { facts, match, leader, key });
  }

  /** Takes the lists of a tick. @returns whether it had any */
  function takeLists({ tsMs, gpus }: Tick): boolean {
    const listed = gpus.flatMap(({ gpu, processes }) => (processes ? [{ uuid: gpu.uuid, processes }] : []));
    if (listed.length === 0) return false;
    for (const { uuid, processes } of listed) lists.set(uuid, { tsMs, processes });
    const unique = new Map([...lists.values()].flatMap(({ processes }) => processes.map((one) => [one.pid, one])));
    cache.keep(new Set(unique.keys()));
    for (const pid of entries.keys()) if (!unique.has(pid)) entries.delete(pid);
    unique.forEach(recognise); // a process on eight cards is looked up once
    return true;
  }

  /**
   * Takes processes that have ended out of lists that others share: from then on the card is used by the others alone. A
   * process about which the system says nothing, as in a container, stays until the next list.
   */
  function dropEnded(): void {
    for (const [uuid, { tsMs, processes }] of lists) {
      if (processes.length < 2) continue; // if the only one ends, the card's load does
      const left = processes.filter(({ pid }) => !entries.has(pid) || isAlive(pid));
      if (left.length < processes.length) lists.set(uuid, { tsMs, processes: left });
    }
  }

  const listAt = (uuid: string, nowMs: number): readonly Process[] | undefined => {
    const list = lists.get(uuid);
    return list && nowMs - list.tsMs < PROCESSES_VALID_MS ? list.processes : undefined;
  };

  const hasLoad = (pid: number): boolean =>
    [...lists.values()].some(({ processes }) =>
      processes.some((process) => process.pid === pid && process.smPct !== undefined),
    );

  /** Where the driver does not report the load of a program's processes, the program's own "no job" is believed. */
  function withStatus(program: Program): Program {
    const running = statuses.of(program.key)?.running;
    if (running === undefined) return program;
    return { ...program, running, loads: program.loads && (running > 0 || program.pids.some(hasLoad)) };
  }

  /** names of weights by the command line that names them: it is looked up once */
  const names = new Map<readonly string[], readonly string[]>();
  function namesOf(command: readonly string[]): readonly string[] {
    const found = names.get(command) ?? ollamaNames(command);
    if (names.size >= MOST_NAMES) names.clear();
    names.set(command, found);
    return found;
  }

  const first = ({ pids }: Program): Entry | undefined => entries.get(pids[0] ?? -1);

  return {
    /** The programs at one tick, and whether it brought new lists of processes. */
    look(tick: Tick): { readonly listed: boolean; readonly programs: readonly Program[] } {
      const listed = takeLists(tick);
      if (!listed) dropEnded();
      const programs = programsOf(
        tick,
        (uuid) => listAt(uuid, tick.tsMs),
        ({ pid }) => entries.get(pid),
      );
      return { listed, programs: programs.map(withStatus) };
    },
    /** the newest list of a card, however old */
    processesOf: (gpuUuid: string): readonly Process[] => lists.get(gpuUuid)?.processes ?? [],
    /** every process on any card */
    pids: (): readonly number[] => [...entries.keys()],
    factsOf: (pid: number): KnownProcess | undefined => entries.get(pid)?.facts,
    /** the process that leads a program; 0: unknown */
    leaderOf: (program: Program): number => first(program)?.leader ?? 0,
    /** the servers of a program, its leader first; none where the source lists no processes */
    serversOf(program: Program): readonly ServerProcess[] {
      const entry = first(program);
      if (!entry) return [];
      const { leader, match } = entry;
      const others = program.pids.flatMap((pid) => entries.get(pid)?.facts ?? []);
      const led = [...others, ...entry.facts.ancestors].find(({ pid }) => pid === leader);
      return serversOf(match, led ?? { pid: leader, command: [] }, others, namesOf);
    },
    /** the model that a process of the program names on its command line */
    modelOf: ({ pids }: Program): string | undefined => {
      const commands = pids.map((pid) => entries.get(pid)?.facts.command ?? []);
      return commands.flatMap(namesOf)[0] ?? commands.map(modelFromCommand).find(Boolean);
    },
    /** command lines of a program's processes; of one that has ended, empty */
    commandsOf: ({ pids }: Program): readonly (readonly string[])[] =>
      pids.map((pid) => entries.get(pid)?.facts.command ?? []),
    setRules(next: readonly ProgramRule[]): void {
      if (next === rules) return;
      rules = next;
      entries.clear();
    },
  };
}

export type Roster = ReturnType<typeof createRoster>;
