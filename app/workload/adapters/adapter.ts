import { text } from '../../core/i18n.ts';
import type { Json } from '../../core/json.ts';
import { err, ok, type Err, type Result } from '../../core/result.ts';
import type { OutputUnit } from './ids.ts';

/** A number of outputs of one kind. */
export type Made = { readonly unit: OutputUnit; readonly count: number };

/** What a program's server reports about itself at one moment. A value that is absent was not reported. */
export type ServerStatus = {
  readonly model?: string;
  /** jobs in progress, and waiting */
  readonly running?: number;
  readonly waiting?: number;
  /** completed share of the current job, 0–1 */
  readonly progress?: number;
  /** outputs since the program started, or since its history begins; decreases when it restarts */
  readonly made?: Made;
  /** outputs of further kinds, counted in the same way */
  readonly also?: readonly Made[];
  /** outputs may have been missed: the true count is `made` or more */
  readonly atLeast?: boolean;
  /** how often a count was only known to be some number or more, since the program started */
  readonly inexact?: number;
  readonly promptTokens?: number;
  readonly speed?: { readonly value: number; readonly unit: 'it/s' | 'tok/s' };
  /** what the program does not report, and how to change that, as a sentence */
  readonly note?: string;
};

/** Sends a GET request to the program's own server and returns the body. loopback.node.ts sets its limits. */
export type Ask = (path: string) => Promise<Result<string>>;

/** Folders that a program writes to, absolute or relative to its working folder. */
export type OutputFolders = { readonly folders: readonly string[]; readonly without: readonly string[] };

/**
 * Names of files that a program has added to its folders since the last call; the first call for a set of folders finds
 * none. Undefined: the folders are unknown or cannot be read. Called without folders, it looks into those of the last
 * call. made-files.node.ts looks for them.
 */
export type FilesMade = (where?: OutputFolders) => Promise<readonly string[] | undefined>;

/** Reads the status of one kind of program. */
export type Adapter = {
  /**
   * @param memory lives as long as the program: for values that the program reports only in passing
   * @param filesMade for programs whose server does not count
   */
  readonly read: (ask: Ask, memory: Map<string, number>, filesMade?: FilesMade) => Promise<Result<ServerStatus>>;
};

const withoutQuery = (path: string): string => path.split('?')[0]!;

export async function askJson(ask: Ask, path: string): Promise<Result<Json>> {
  const body = await ask(path);
  if (!body.ok) return body;
  try {
    return ok(JSON.parse(body.value) as Json);
  } catch {
    return err('invalid-request', text('workload.notJson', { path: withoutQuery(path) }));
  }
}

/** Leaves out undefined values, so that an absent value stays absent. */
export const compact = (status: { readonly [K in keyof ServerStatus]: ServerStatus[K] | undefined }): ServerStatus =>
  Object.fromEntries(Object.entries(status).filter(([, value]) => value !== undefined));

export const unknownForm = (path: string): Err =>
  err('invalid-request', text('workload.unknownForm', { path: withoutQuery(path) }));

/** The same failure, with what the user can do about it. */
export const withNext = ({ error }: Err, next: string): Err => ({ ok: false, error: { ...error, next } });
