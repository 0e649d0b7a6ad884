import type { Program } from '../workload/programs/programs.ts';
import { holdable, type NotHeld } from './holdable.node.ts';
import type { LimitHelper, ProcessId } from './limit-helper.node.ts';
import type { GovernorEntry, LimitKey } from './policy.ts';

/** Outputs that the program does not report are waited for this long; then its work is paused where it is. */
export const BETWEEN_MS = 120_000;
/** A program that may not be paused is checked again after this: its terminal or its state may change. */
export const RETRY_MS = 60_000;

/** What a program reports: outputs so far and jobs in progress. */
export type Progress = { readonly running?: number; readonly made?: number };

export type HeldProgramsOptions = {
  readonly helper: () => Pick<LimitHelper, 'hold' | 'resume'>;
  readonly progress: (key: string) => Progress | undefined;
  readonly note: (entry: Omit<GovernorEntry, 'tsMs'>) => void;
  readonly wallMs: () => number;
  readonly monoMs: () => number;
};

/** A program that is to pause: first asked, then held, or refused until `retryMs`. */
type Pausing = {
  readonly askedMs: number;
  /** outputs when it was asked */
  readonly made: number | undefined;
  refused?: { readonly why: NotHeld; readonly retryMs: number };
  held?: Held;
};
type Held = {
  readonly program: string;
  readonly why: LimitKey;
  readonly sinceMs: number;
  readonly processes: readonly ProcessId[];
};

/** Pauses programs between two of their outputs, and resumes them. */
export function createHeldPrograms({ helper, progress, note, wallMs, monoMs }: HeldProgramsOptions) {
  const pausing = new Map<string, Pausing>();

  /** Between two outputs: by the program's own status if it reports one, otherwise when its card is idle. */
  function isBetween(program: Program, { askedMs, made }: Pausing): boolean {
    const now = progress(program.key);
    if (now?.running === 0) return true;
    if (now?.made !== undefined && made !== undefined && now.made > made) return true;
    return (now?.running === undefined && !program.loads) || monoMs() - askedMs > BETWEEN_MS;
  }

  /** A program that must not be paused is left running as a whole. The reason is logged once. */
  function refuse(state: Pausing, program: Program, gpuUuid: string, why: NotHeld, message?: string): void {
    const before = state.refused?.why;
    state.refused = { why, retryMs: monoMs() + RETRY_MS };
    if (why === 'ended' || why === before) return;
    note({ gpuUuid, what: 'not-held', why, program: program.name, ...(message !== undefined && { message }) });
  }

  return {
    /** keys of programs that are held or were asked to pause */
    keys: (): string[] => [...pausing.keys()],
    held: () =>
      [...pausing.values()].flatMap(({ held }) =>
        held ? [{ program: held.program, why: held.why, sinceMs: held.sinceMs }] : [],
      ),
    async hold(program: Program, gpuUuid: string, why: LimitKey): Promise<void> {
      const state = pausing.get(program.key) ?? { askedMs: monoMs(), made: progress(program.key)?.made };
      pausing.set(program.key, state);
      if (state.held || monoMs() < (state.refused?.retryMs ?? -Infinity) || !isBetween(program, state)) return;
      const looks = program.pids.map(holdable).filter((look) => look !== 'ended');
      const processes = looks.filter((look) => typeof look !== 'string');
      const refusal = looks.find((look) => typeof look === 'string');
      if (refusal) return refuse(state, program, gpuUuid, refusal);
      if (processes.length === 0) return; // it has ended: the next tick shows that
      const done = await helper().hold(processes);
      if (!done.ok) return refuse(state, program, gpuUuid, 'helper', done.error.message);
      if (done.value !== 'held') return refuse(state, program, gpuUuid, done.value);
      delete state.refused;
      state.held = { program: program.name, why, sinceMs: wallMs(), processes };
      note({ gpuUuid, what: 'held', why, program: program.name });
    },
    async resume(key: string, gpuUuid: string): Promise<void> {
      const held = pausing.get(key)?.held;
      pausing.delete(key);
      if (!held) return;
      await helper().resume(held.processes);
      note({ gpuUuid, what: 'resumed', why: held.why, program: held.program });
    },
    /** The limit helper has resumed everything. */
    forget: (): void => pausing.clear(),
  };
}
