import { valueOf } from '../../metrics/frame.ts';
import type { Tick } from '../../telemetry/sampler.ts';
import type { GpuProcess } from '../../telemetry/source.ts';
import { matchProcess, type Match, type ProcessFacts } from './match.ts';
import type { ProgramRule } from './schema.ts';

/** A process as a driver may tell it: with its share of SM time, and whether it computes or draws. */
export type Process = GpuProcess & { readonly smPct?: number; readonly type?: 'compute' | 'graphics' | 'both' };

/** A program on the cards at one moment, or a load on a card whose processes nobody tells. */
export type Program = {
  /** the same for as long as it is the same program */
  readonly key: string;
  readonly match: Match | undefined;
  /** for people: the program, or the name of its process */
  readonly name: string;
  readonly pids: readonly number[];
  readonly gpuUuids: readonly string[];
  /** does the card work for it, as far as the driver tells */
  readonly loads: boolean;
  /** jobs in work by the program's own account; undefined: not told */
  readonly running?: number;
};

/** Below it a card shows pictures or waits; a generation is far above. */
const LOADED_UTIL_PCT = 15;
const LOADED_SM_PCT = 5;

export type Known = { readonly facts: ProcessFacts; readonly match: Match | undefined };

/**
 * The program that a process is part of: its topmost ancestor of the same kind, so that a server and its workers, on
 * however many cards, are one.
 */
export function leaderOf(facts: ProcessFacts, match: Match, rules: readonly ProgramRule[]): number {
  let leader = facts.pid;
  for (const { pid, command } of facts.ancestors) {
    const parent = matchProcess({ pid, command, ancestors: [], startedAt: '' }, rules);
    if (parent?.id === match.id) leader = pid;
  }
  return leader;
}

export const programName = (text: string): string => text.split(/[/\\]/).at(-1)!.split(' ')[0]! || text;

/**
 * An unknown program generates if it computes and does not draw. Where the driver does not tell which, only one that has
 * the card to itself is believed to: a desktop's own programs hold every card that shows a picture.
 */
const generates = ({ type }: Process, onCard: number): boolean =>
  type === 'compute' || (type === undefined && onCard === 1);

type Building = { -readonly [K in keyof Program]: Program[K] } & { pids: number[]; gpuUuids: string[] };

/**
 * The programs that hold the cards now. A card whose source tells no processes is a program of its own: its load is all
 * that is known. Processes that only draw are nobody's generation.
 * @param processesOf the newest list of a card; undefined: the source does not tell
 */
export function programsOf(
  tick: Tick,
  processesOf: (gpuUuid: string) => readonly Process[] | undefined,
  know: (process: Process) => Known | undefined,
  keyOf: (known: Known) => string,
): readonly Program[] {
  const programs = new Map<string, Building>();
  for (const { gpu, frame } of tick.gpus) {
    const util = valueOf(frame, 'gpuUtilPct');
    const loaded = util !== undefined && util >= LOADED_UTIL_PCT;
    const processes = processesOf(gpu.uuid);
    if (!processes) {
      const key = `load:${gpu.uuid}`;
      programs.set(key, { key, match: undefined, name: gpu.name, pids: [], gpuUuids: [gpu.uuid], loads: loaded });
      continue;
    }
    for (const process of processes) {
      const known = know(process);
      if (!known || !(known.match || generates(process, processes.length))) continue;
      const key = known.match ? keyOf(known) : `process:${process.pid}:${known.facts.startedAt}`;
      const name = known.match?.name ?? programName(process.name || known.facts.command[0] || String(process.pid));
      const program = programs.get(key) ?? {
        key,
        match: known.match,
        name,
        pids: [],
        gpuUuids: [],
        loads: false,
      };
      programs.set(key, program);
      if (!program.pids.includes(process.pid)) program.pids.push(process.pid);
      if (!program.gpuUuids.includes(gpu.uuid)) program.gpuUuids.push(gpu.uuid);
      program.loads ||= process.smPct === undefined ? loaded : process.smPct >= LOADED_SM_PCT;
    }
  }
  return [...programs.values()];
}
