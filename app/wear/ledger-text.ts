import * as z from 'zod';
import type { SteadyWindow } from '../cooling/windows.ts';
import { err, ok, type Result } from '../result.ts';
import {
  canonical,
  emptyLedger,
  eventKey,
  firstBroken,
  hoursInOrder,
  markKey,
  markKinds,
  sealDays,
  withCell,
  type Hash,
  type Ledger,
  type LedgerEvent,
  type Mark,
  type Seal,
} from './ledger.ts';
import type { HourCell } from './meter.ts';

/**
 * A ledger as text: JSON lines, the same on disk and in an export. The first names the card; then hours, marks, windows
 * and events in any order, a later one of the same key replacing the earlier; seals close days. An export ends with a line
 * that says how much there is, so that a cut-off one is noticed.
 */
const FORMAT = 'slowburn-ledger';

const record = z.record(z.string(), z.number());
const numbers = z.array(z.number());
const tally = z.object({
  observedMs: z.number(),
  powerMs: z.number(),
  memMs: z.number(),
  fanMs: z.number(),
  silicon: numbers,
  electromigration: numbers,
  solder: numbers,
  solderInferred: numbers,
  capacitors: numbers,
  fan: numbers,
  coreMs: record,
  cycles: record,
  inferredCycles: record,
  counterJ: z.number(),
  powerJ: z.number(),
  throttledMs: z.object({
    powerCap: z.number(),
    swThermal: z.number(),
    hwThermal: z.number(),
    powerBrake: z.number(),
  }),
});
const header = z.object({
  format: z.literal(FORMAT),
  version: z.literal(1),
  uuid: z.string().min(1),
  name: z.string(),
});
const line = z.union([
  z.object({
    hour: z.object({ hourMs: z.number(), firstMs: z.number(), modelVersion: z.string(), seq: z.int(), tally }),
  }),
  z.object({
    mark: z.object({ tsMs: z.number(), kind: z.enum(markKinds), text: z.string(), removed: z.boolean().optional() }),
  }),
  z.object({
    window: z.object({
      tsMs: z.number(),
      durationMs: z.number(),
      coreC: z.number(),
      powerW: z.number(),
      fanPct: z.number(),
    }),
  }),
  z.object({ event: z.object({ tsMs: z.number(), kind: z.string(), code: z.number(), text: z.string() }) }),
  z.object({ seal: z.object({ dayMs: z.number(), hash: z.string() }) }),
  z.object({ end: z.object({ hours: z.int(), hash: z.string() }) }),
]);

export type LedgerLine =
  | { readonly hour: HourCell }
  | { readonly mark: Mark }
  | { readonly window: SteadyWindow }
  | { readonly event: LedgerEvent }
  | { readonly seal: Seal };

export const headerLine = ({ uuid, name }: Pick<Ledger, 'uuid' | 'name'>): string =>
  canonical({ format: FORMAT, version: 1, uuid, name });
export const ledgerLine = (content: LedgerLine): string => canonical(content);

/** Takes one line into a ledger; what it replaces is what had the same key. */
export function keepLine({ hours, marks, windows, events }: Ledger, content: LedgerLine): void {
  if ('hour' in content) hours.set(content.hour.hourMs, withCell(hours.get(content.hour.hourMs), content.hour));
  else if ('mark' in content) marks.set(markKey(content.mark), content.mark);
  else if ('window' in content) windows.set(content.window.tsMs, content.window);
  else if ('event' in content) events.set(eventKey(content.event), content.event);
}

/** Everything of a ledger, sealed anew. The same content is the same text. */
export function ledgerText(ledger: Ledger, hash: Hash): string {
  const hours = hoursInOrder(ledger);
  const body = [
    headerLine(ledger),
    ...hours.flatMap(({ parts }) => parts.map((cell) => ledgerLine({ hour: cell }))),
    ...[...ledger.marks.values()].sort((a, b) => a.tsMs - b.tsMs).map((mark) => ledgerLine({ mark })),
    ...[...ledger.windows.values()].sort((a, b) => a.tsMs - b.tsMs).map((window) => ledgerLine({ window })),
    ...[...ledger.events.values()].sort((a, b) => a.tsMs - b.tsMs).map((event) => ledgerLine({ event })),
    ...sealDays(ledger, hash).map((seal) => ledgerLine({ seal })),
  ].join('\n');
  return `${body}\n${canonical({ end: { hours: hours.length, hash: hash(body) } })}\n`;
}

export type ReadLedger = {
  readonly ledger: Ledger;
  readonly seals: readonly Seal[];
  /** lines that could not be read: a torn last one after a crash, or damage */
  readonly unreadable: number;
  /** what the last line says of the text before it; undefined without one */
  readonly complete: boolean | undefined;
};

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // counted as unreadable by the caller
  }
}

export function readLedger(text: string, hash: Hash): Result<ReadLedger> {
  const lines = text.split('\n');
  const first = header.safeParse(parse(lines[0] ?? ''));
  if (!first.success) {
    return err(
      'recording-unreadable',
      'This is not a Slowburn ledger of version 1.',
      'Give a file that was written by: slowburn ledger export',
    );
  }
  const { uuid, name } = first.data;
  const ledger = emptyLedger(uuid, name);
  const seals = new Map<number, Seal>();
  let unreadable = 0;
  let complete: boolean | undefined;
  lines.slice(1).forEach((content, i) => {
    if (content === '') return;
    const parsed = line.safeParse(parse(content));
    if (!parsed.success) {
      unreadable++;
      return;
    }
    const { data } = parsed;
    if ('seal' in data) seals.set(data.seal.dayMs, data.seal);
    else if ('end' in data) complete = data.end.hash === hash(lines.slice(0, i + 1).join('\n'));
    else keepLine(ledger, data);
  });
  return ok({
    ledger,
    seals: [...seals.values()].sort((a, b) => a.dayMs - b.dayMs),
    unreadable,
    complete,
  });
}

/** A ledger that is what it was when its days were sealed; else a sentence that says what is not. */
export function verifyLedger({ ledger, seals, unreadable, complete }: ReadLedger, hash: Hash): Result<Ledger> {
  const broken = firstBroken(ledger, seals, hash);
  if (broken !== undefined) {
    const day = new Date(broken).toISOString().slice(0, 10);
    return err(
      'recording-unreadable',
      `The ledger of ${ledger.name} was changed after ${day} (UTC) was sealed.`,
      'Use a copy made before the change, such as an export.',
    );
  }
  if (complete === false || unreadable > 0) {
    return err(
      'recording-unreadable',
      `The ledger of ${ledger.name} is damaged: ${unreadable > 0 ? `${unreadable} lines cannot be read` : 'its end does not fit its content'}.`,
      'Use another copy.',
    );
  }
  return ok(ledger);
}
