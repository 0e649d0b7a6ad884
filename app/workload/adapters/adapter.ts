import type { Json } from '../../core/json.ts';
import { err, ok, type Result } from '../../core/result.ts';
import type { AdapterId, OutputUnit } from './ids.ts';

/** What a program says of itself. Undefined: it does not tell. */
export type Reading = {
  readonly model?: string;
  /** jobs in work, and waiting */
  readonly running?: number;
  readonly waiting?: number;
  /** share of the present job that is done, 0–1 */
  readonly progress?: number;
  /** outputs since the program was started, or since its history begins; falls when it was restarted */
  readonly made?: { readonly unit: OutputUnit; readonly count: number };
  /** some outputs may have gone unseen: `made` is the least that were made */
  readonly atLeast?: boolean;
  readonly promptTokens?: number;
  readonly speed?: { readonly value: number; readonly unit: 'it/s' | 'tok/s' };
  /** what the program was not started to tell, in a sentence */
  readonly note?: string;
};

/** Asks the program's own server, on loopback: the body of a GET. See loopback.node.ts for its bounds. */
export type Ask = (path: string) => Promise<Result<string>>;

/**
 * Reads one kind of program. Stateless but for `memory`, a map of its own that lives as long as the program: what a
 * program tells only in passing is remembered there.
 */
export type Adapter = {
  readonly id: AdapterId;
  readonly read: (ask: Ask, memory: Map<string, number>) => Promise<Result<Reading>>;
};

export async function askJson(ask: Ask, path: string): Promise<Result<Json>> {
  const text = await ask(path);
  if (!text.ok) return text;
  try {
    return ok(JSON.parse(text.value) as Json);
  } catch {
    return err('invalid-request', `The program’s answer to ${path.split('?')[0]} is not JSON.`);
  }
}

/** An object without what is undefined: absent stays absent. */
export const told = (reading: { readonly [K in keyof Reading]: Reading[K] | undefined }): Reading =>
  Object.fromEntries(Object.entries(reading).filter(([, value]) => value !== undefined));

export const malformed = (path: string) =>
  err('invalid-request', `The program’s answer to ${path} has a form that Slowburn does not know.`);
