import { InvalidArgumentError } from 'commander';
import { isIdentifier } from '../app/core/identifier.ts';
import { linearPattern, type LinearPattern } from '../app/core/linear-pattern.ts';
import type { Result } from '../app/core/result.ts';
import { loadSettings } from '../app/settings/file.node.ts';
import { settingsSchema, type Settings } from '../app/settings/settings.ts';
import { parseSourceSpec, type SourceSpec } from '../app/telemetry/sources.ts';
import { parseGlob, type Glob } from '../app/workload/adapters/glob.ts';
import { parseCaps } from '../app/workload/sessions/sweep.ts';

/** Exit codes of the command line. */
export const EXIT = { ok: 0, failed: 1, usage: 2 } as const;

/** Where the build puts thread scripts: beside this program. */
export const threads = new URL('.', import.meta.url);

export type RecordingOptions = {
  readonly source: SourceSpec;
  readonly speed: number;
  readonly dataDir?: string;
  readonly interval?: number;
};

export const sourceOption = (text: string): SourceSpec => valid(parseSourceSpec(text));

export function speedOption(text: string): number {
  const speed = Number(text);
  if (!(speed > 0 && speed <= 1000)) throw new InvalidArgumentError('The speed must be above 0 and at most 1000.');
  return speed;
}

const LONGEST_S = 24 * 86_400; // as far as a timer reaches (2³¹ ms)

export function secondsOption(text: string): number {
  const seconds = Number(text);
  if (!(seconds > 0 && seconds <= LONGEST_S))
    throw new InvalidArgumentError('Give a number of seconds above 0, at most 24 days.');
  return seconds;
}

export function wattsOption(text: string): number {
  const watts = Number(text);
  if (!(watts > 0 && watts <= 10_000)) throw new InvalidArgumentError('Give a number of watts above 0.');
  return watts;
}

/** A GPU that something is done to: its index or UUID. */
export function gpuOption(text: string): string {
  if (!isIdentifier(text)) throw new InvalidArgumentError('Give the index or UUID of a GPU.');
  return text;
}

export function intervalOption(text: string): number {
  const parsed = settingsSchema.shape.intervalMs.safeParse(Math.round(Number(text) * 1000));
  if (!parsed.success) throw new InvalidArgumentError('The interval must be from 0.1 to 5 seconds.');
  return parsed.data;
}

export function addressOption(text: string): URL {
  const address = URL.canParse(text) ? new URL(text) : undefined;
  if (!address || !['http:', 'https:'].includes(address.protocol))
    throw new InvalidArgumentError('Give an address of http or https, as the server names it.');
  if (address.username || address.password || address.search || address.hash)
    throw new InvalidArgumentError('The address must hold no name, password, query or fragment.');
  return address;
}

export function portOption(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new InvalidArgumentError('The port must be from 0 to 65535.');
  return port;
}

export function capsOption(text: string): readonly number[] {
  const caps = parseCaps(text);
  if (!caps) throw new InvalidArgumentError('Give caps as FROM:TO:STEP in watts, as 200:400:50.');
  return caps;
}

/** The value of an option, or a usage error that says what is wrong with it. */
function valid<T>(parsed: Result<T>): T {
  if (parsed.ok) return parsed.value;
  const { message, next } = parsed.error;
  throw new InvalidArgumentError(next ? `${message} ${next}` : message);
}

/** Settings of the folder, for a command that reads. What is wrong with them is printed where something records. */
export const settingsOf = (folder: string): Settings => loadSettings(folder).settings;

export const patternOption = (text: string): LinearPattern => valid(linearPattern(text));

export const globOption = (text: string): Glob => valid(parseGlob(text, process.platform === 'win32'));
