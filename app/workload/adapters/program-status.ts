import type { Program } from '../programs/programs.ts';
import type { Marks } from './outputs.ts';
import type { Outputs } from '../sessions/schema.ts';

/** What a program tells of itself, as gathered by its adapter. */
export type Account = {
  readonly running?: number;
  /** outputs so far, by its own running count */
  readonly made?: number;
  readonly model?: string;
  /** of the session that goes on, so far */
  readonly outputs?: Outputs;
  readonly note?: string;
};

/** What came of a session by the program's own account. */
export type Yield = { readonly outputs?: Outputs; readonly marks?: Marks };

/** Asks programs about themselves; see adapters/poller.node.ts. */
export type Accounts = {
  /** what a program said last */
  readonly of: (key: string) => Account | undefined;
  /** the programs there are now, so that they can be asked */
  readonly follow: (programs: readonly (Program & { readonly leader: number })[]) => void;
  /** a session began at that moment, as it turns out now: what came since counts */
  readonly begin: (key: string, startedMs: number) => void;
  readonly end: (key: string) => Yield;
  readonly stop: () => void;
};

export const noAccounts: Accounts = {
  of: () => undefined,
  follow: () => undefined,
  begin: () => undefined,
  end: () => ({}),
  stop: () => undefined,
};
