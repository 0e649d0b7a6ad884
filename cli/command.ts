import type { Argument, Option } from 'commander';

/** Every command as it is typed after `slowburn`, in the order of the help. */
export type CommandId =
  | 'monitor'
  | 'status'
  | 'record'
  | 'service install'
  | 'service status'
  | 'service logs'
  | 'service remove'
  | 'alerts channels'
  | 'alerts test'
  | 'alerts secret'
  | 'run'
  | 'sessions'
  | 'read'
  | 'doctor'
  | 'import'
  | 'sweep'
  | 'meter'
  | 'export'
  | 'db check'
  | 'db backup'
  | 'db restore'
  | 'db compact'
  | 'db import'
  | 'db stats'
  | 'wear'
  | 'tariff import'
  | 'tariff show'
  | 'ledger export'
  | 'ledger import'
  | 'ledger verify';

/** Words before the last word of a command: `db`, `ledger`. */
export type GroupId = CommandId extends infer Id ? (Id extends `${infer Group} ${string}` ? Group : never) : never;

/** A command: one file in commands/ and one row in commands.ts. */
export type Command = {
  /** one line for the help. A function, because the language is set after the modules are loaded. */
  readonly description: () => string;
  readonly arguments?: () => readonly Argument[];
  readonly options: () => readonly Option[];
  /** Former names of options → their names of today, with dashes: they still work, and print a hint. */
  readonly renamed?: Readonly<Record<`--${string}`, `--${string}`>>;
  /** Everything after the first argument belongs to another command line and is not parsed. */
  readonly passThrough?: true;
  /**
   * Gets one value per argument, then the options by name.
   * @returns the exit code
   */
  readonly run: (...given: never[]) => number | Promise<number>;
};
