import type { Program } from '../programs/programs.ts';
import type { ServerProcess } from '../programs/servers.ts';
import type { Outputs } from '../sessions/schema.ts';
import type { Marks } from './outputs.ts';

/** The latest status of a program. A value that is absent was not reported. */
export type ProgramStatus = {
  /** jobs in progress */
  readonly running?: number;
  /** outputs so far, by the program's own counter */
  readonly made?: number;
  readonly model?: string;
  /** outputs of the session that is running */
  readonly outputs?: Outputs;
  /** why figures are missing or not reliable, as a sentence */
  readonly note?: string;
};

/** What a session produced, and when each output was complete. */
export type SessionOutputs = { readonly outputs?: Outputs; readonly marks?: Marks };

export type LedProgram = Program & {
  /** PID of the process that leads it; 0: the driver lists no processes */
  readonly leader: number;
  /** the leader first */
  readonly servers: readonly ServerProcess[];
};

/** Statuses of programs, by their keys; adapters/poller.node.ts collects them. */
export type ProgramStatuses = {
  readonly of: (key: string) => ProgramStatus | undefined;
  /** the programs on the cards now: these are asked */
  readonly follow: (programs: readonly LedProgram[]) => void;
  /** A session began at that moment. Outputs since then count. */
  readonly begin: (key: string, startedMs: number) => void;
  readonly end: (key: string) => SessionOutputs;
  readonly stop: () => void;
};

/** Asks no program. */
export const noStatuses: ProgramStatuses = {
  of: () => undefined,
  follow: () => undefined,
  begin: () => undefined,
  end: () => ({}),
  stop: () => undefined,
};
