import { valueOf } from '../../metrics/frame.ts';
import type { Tick } from '../../telemetry/sampler.ts';
import type { GpuProcess } from '../../telemetry/source.ts';
import { matchProcess, type Match, type ProcessFacts } from './match.ts';
import type { ProgramRule } from './schema.ts';

/** A process as a driver lists it, with its share of SM time and its type where these are reported. */
export type Process = GpuProcess & { readonly smPct?: number; readonly type?: 'compute' | 'graphics' | 'both' };

/** A program on the cards at one moment, or the load of a card whose processes are not listed. */
export type Program = {
  /** identifies the program while it runs */
  readonly key: string;
  readonly match: Match | undefined;
  /** for display: the program, or the name of its process */
  readonly name: string;
  readonly pids: readonly number[];
  readonly gpuUuids: readonly string[];
  /** whether the card works for it, as far as the driver reports */
  readonly loads: boolean;
  /** jobs in progress, as the program reports them */
  readonly running?: number;
};

/** Below this a card draws a desktop or waits; a generation is far above. */
export const LOADED_UTIL_PCT = 15;
export const LOADED_SM_PCT = 5;

export type RecognisedProcess = {
  readonly facts: ProcessFacts;
  readonly match: Match | undefined;
  /** of the program that the process is part of */
  readonly key: string;
};

/**
 * The process that leads a program: the topmost ancestor that is recognised as the same program. A server and its
 * workers, on however many cards, are one program.
 */
export function leaderOf(facts: ProcessFacts, match: Match, rules: readonly ProgramRule[]): number {
  let leader = facts.pid;
  for (const { pid, command } of facts.ancestors) {
    const parent = matchProcess({ pid, command, ancestors: [], startedAt: '' }, rules);
    if (parent?.id === match.id) leader = pid;
  }
  return leader;
}

const programName = (text: string): string => text.split(/[/\\]/).at(-1)!.split(' ')[0]! || text;

/**
 * Whether an unrecognised process is a workload: it computes and does not draw. Where the driver reports no type, it must
 * be alone on the card, because the programs of a desktop are on every card that drives a display.
 */
const isWorkload = ({ type }: Process, onCard: number): boolean =>
  type === 'compute' || (type === undefined && onCard === 1);

type Building = { -readonly [K in keyof Program]: Program[K] } & { pids: number[]; gpuUuids: string[] };

/**
 * The programs on the cards now. A card without a list of processes is one program: only its load is known.
 * @param processesOf the newest list of a card; undefined: the source lists none
 * @param recognise undefined: the process has ended
 */
export function programsOf(
  tick: Tick,
  processesOf: (gpuUuid: string) => readonly Process[] | undefined,
  recognise: (process: Process) => RecognisedProcess | undefined,
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
      const recognised = recognise(process);
      if (!recognised || !(recognised.match || isWorkload(process, processes.length))) continue;
      const { key, match, facts } = recognised;
      const name = match?.name ?? programName(process.name || facts.command[0] || String(process.pid));
      const program = programs.get(key) ?? { key, match, name, pids: [], gpuUuids: [], loads: false };
      programs.set(key, program);
      if (!program.pids.includes(process.pid)) program.pids.push(process.pid);
      if (!program.gpuUuids.includes(gpu.uuid)) program.gpuUuids.push(gpu.uuid);
      program.loads ||= process.smPct === undefined ? loaded : process.smPct >= LOADED_SM_PCT;
    }
  }
  return [...programs.values()];
}
