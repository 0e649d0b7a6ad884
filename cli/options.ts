import { InvalidArgumentError } from 'commander';
import { isIdentifier } from '../app/core/identifier.ts';
import { text } from '../app/core/i18n.ts';
import type { Result } from '../app/core/result.ts';
import { loadSettings } from '../app/settings/file.node.ts';
import { settingsSchema, type Settings } from '../app/settings/settings.ts';
import { parseUtcOffset } from '../app/telemetry/logs/stamps.ts';
import { tariffOf, type Tariff } from '../app/workload/energy/tariff.ts';
import { loadPrices } from '../app/workload/prices/file.node.ts';
import { parseSourceSpec, type SourceSpec } from '../app/telemetry/sources.ts';
import { parseCaps } from '../app/workload/sessions/sweep.ts';

/** Exit codes of the command line. 3 as of an init script's `status`: the program is not running (LSB 5, 22.2). */
export const EXIT = { ok: 0, failed: 1, usage: 2, notRecording: 3 } as const;

/** The folder of this program, which also has the scripts of its threads. */
export const threads = new URL('.', import.meta.url);

export type RecordingOptions = {
  readonly source: SourceSpec;
  readonly speed: number;
  readonly dataDir?: string;
  readonly interval?: number;
};

export const sourceOption = (given: string): SourceSpec => valid(parseSourceSpec(given));

export function speedOption(given: string): number {
  const speed = Number(given);
  if (!(speed > 0 && speed <= 1000)) throw new InvalidArgumentError(text('cli.refused.speed'));
  return speed;
}

const LONGEST_S = 24 * 86_400; // the longest timer: 2³¹ ms

export function secondsOption(given: string): number {
  const seconds = Number(given);
  if (!(seconds > 0 && seconds <= LONGEST_S)) throw new InvalidArgumentError(text('cli.refused.seconds'));
  return seconds;
}

export function wattsOption(given: string): number {
  const watts = Number(given);
  if (!(watts > 0 && watts <= 10_000)) throw new InvalidArgumentError(text('cli.refused.watts'));
  return watts;
}

/** The GPU that a command changes: its index or UUID. */
export function gpuOption(given: string): string {
  if (!isIdentifier(given)) throw new InvalidArgumentError(text('cli.refused.gpu'));
  return given;
}

export function intervalOption(given: string): number {
  const parsed = settingsSchema.shape.intervalMs.safeParse(Math.round(Number(given) * 1000));
  if (!parsed.success) throw new InvalidArgumentError(text('cli.refused.interval'));
  return parsed.data;
}

export function addressOption(given: string): URL {
  const address = URL.canParse(given) ? new URL(given) : undefined;
  if (!address || !['http:', 'https:'].includes(address.protocol))
    throw new InvalidArgumentError(text('cli.refused.address'));
  if (address.username || address.password || address.search || address.hash)
    throw new InvalidArgumentError(text('cli.refused.addressParts'));
  return address;
}

const AGES_MS = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const ISO = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?)(Z|[+-]\d\d:?\d\d)?)?$/;

/** A moment in ms since 1970: an ISO date or time (local if it names no zone), or an age: 90m, 24h, 7d. */
export function momentOption(given: string): number {
  const ago = /^(\d+)([smhd])$/.exec(given);
  if (ago) return Date.now() - Number(ago[1]) * AGES_MS[ago[2] as keyof typeof AGES_MS];
  const [, day = '', time = '00:00', zone = ''] = ISO.exec(given) ?? [];
  const ms = Date.parse(`${day}T${time}${zone}`);
  // Date.parse reads February 30th as March 2nd
  const exists = day === new Date(Date.parse(`${day}T00:00Z`) || 0).toISOString().slice(0, 10);
  if (Number.isNaN(ms) || !exists) throw new InvalidArgumentError(text('cli.refused.moment'));
  return ms;
}

export function utcOffsetOption(given: string): number {
  const offset = parseUtcOffset(given);
  if (offset === undefined) throw new InvalidArgumentError(text('cli.refused.utcOffset'));
  return offset;
}

export function portOption(given: string): number {
  const port = Number(given);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new InvalidArgumentError(text('cli.refused.port'));
  return port;
}

export function limitsOption(given: string): readonly number[] {
  const limitsW = parseCaps(given);
  if (!limitsW) throw new InvalidArgumentError(text('cli.refused.limits'));
  return limitsW;
}

/** The value of an option. Throws a usage error with the cause if it is invalid. */
export function valid<T>(parsed: Result<T>): T {
  if (parsed.ok) return parsed.value;
  const { message, next } = parsed.error;
  throw new InvalidArgumentError(next ? `${message} ${next}` : message);
}

/** Settings of a data folder for a command that only reads. Commands that record print what is wrong with them. */
export const settingsOf = (folder: string): Settings => loadSettings(folder).settings;

/** Those settings with the prices imported into the folder. */
export function moneyIn(folder: string, settings: Settings): Settings & Tariff {
  const prices = loadPrices(folder);
  return tariffOf(settings, prices.ok ? prices.value : undefined);
}
