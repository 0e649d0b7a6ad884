import * as z from 'zod';
import type { SteadyWindow } from '../cooling/windows.ts';
import { err, ok, type Result } from '../../core/result.ts';
import {
  canonical,
  emptyLedger,
  eventKey,
  firstBroken,
  hoursInOrder,
  inOrder,
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
import type { HourCell } from '../meter.ts';

/**
 * A ledger as text: JSON lines, the same on disk and in an export. The first names the card; then hours, marks, windows
 * and events in any order, a later one of the same key replacing the earlier; seals close days. An export ends with a line
 * that covers all before it, so that a cut-off or edited one is noticed.
 */
const FORMAT = 'slowburn-ledger';

/** ms since 1970 that a date can be made of */
const moment = z.number().min(-8.64e15).max(8.64e15);
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
  /** a whole ledger with a last line that closes it; without it the file goes on growing */
  export: z.literal(true).optional(),
});
const line = z.union([
  z.object({
    hour: z.object({ hourMs: moment, firstMs: moment, modelVersion: z.string(), seq: z.int(), tally }),
  }),
  z.object({
    mark: z.object({ tsMs: moment, kind: z.enum(markKinds), text: z.string(), removed: z.boolean().optional() }),
  }),
  z.object({
    window: z.object({
      tsMs: moment,
      durationMs: z.number(),
      coreC: z.number(),
      powerW: z.number(),
      fanPct: z.number(),
    }),
  }),
  z.object({ event: z.object({ tsMs: moment, kind: z.string(), code: z.number(), text: z.string() }) }),
  z.object({ seal: z.object({ dayMs: moment, hash: z.string() }) }),
  z.object({ end: z.object({ hours: z.int(), hash: z.string() }) }),
]);

export type LedgerLine =
  | { readonly hour: HourCell }
  | { readonly mark: Mark }
  | { readonly window: SteadyWindow }
  | { readonly event: LedgerEvent }
  | { readonly seal: Seal };

export const headerLine = ({ uuid, name }: Pick<Ledger, 'uuid' | 'name'>, exported = false): string =>
  canonical({ format: FORMAT, version: 1, uuid, name, ...(exported ? { export: true } : {}) });
export const ledgerLine = (content: LedgerLine): string => canonical(content);

/** Takes one line into a ledger; what it replaces is what had the same key. */
export function keepLine({ hours, marks, windows, events }: Ledger, content: LedgerLine): void {
  if ('hour' in content) hours.set(content.hour.hourMs, withCell(hours.get(content.hour.hourMs), content.hour));
  else if ('mark' in content) marks.set(markKey(content.mark), content.mark);
  else if ('window' in content) windows.set(content.window.tsMs, content.window);
  else if ('event' in content) events.set(eventKey(content.event), content.event);
}

const linesOf = (ledger: Ledger, seals: readonly Seal[]): string[] => [
  ...hoursInOrder(ledger).flatMap(({ parts }) => parts.map((cell) => ledgerLine({ hour: cell }))),
  ...inOrder(ledger.marks).map((mark) => ledgerLine({ mark })),
  ...inOrder(ledger.windows).map((window) => ledgerLine({ window })),
  ...inOrder(ledger.events).map((event) => ledgerLine({ event })),
  ...seals.map((seal) => ledgerLine({ seal })),
];

/** Everything of a ledger with its seals, to go on with: more lines may follow. */
export const openLedgerText = (ledger: Ledger, seals: readonly Seal[]): string =>
  `${[headerLine(ledger), ...linesOf(ledger, seals)].join('\n')}\n`;

/** Everything of a ledger as an export, closed by its last line. The same content is the same text. */
export function ledgerText(ledger: Ledger, hash: Hash): string {
  const body = [headerLine(ledger, true), ...linesOf(ledger, sealDays(ledger, hash))].join('\n');
  return `${body}\n${canonical({ end: { hours: ledger.hours.size, hash: hash(body) } })}\n`;
}

export type ReadLedger = {
  readonly ledger: Ledger;
  readonly seals: readonly Seal[];
  /** lines that could not be read: a torn last one after a crash, or damage */
  readonly unreadable: number;
  /** whether an export is closed by a line that fits what stands before it; undefined for a ledger that goes on growing */
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
  let complete = first.data.export ? false : undefined;
  lines.slice(1).forEach((content, i) => {
    if (content === '') return;
    const parsed = line.safeParse(parse(content));
    if (!parsed.success) {
      unreadable++;
      return;
    }
    const { data } = parsed;
    if ('seal' in data) seals.set(data.seal.dayMs, data.seal);
    else if ('end' in data) {
      const closes = lines.slice(i + 2).every((after) => after === '');
      complete = closes && data.end.hash === hash(lines.slice(0, i + 1).join('\n'));
    } else keepLine(ledger, data);
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
  const no = (what: string): Result<never> =>
    err('recording-unreadable', `The ledger of ${ledger.name} ${what}.`, 'Use a copy made before, such as an export.');
  if (broken !== undefined) {
    const day = new Date(broken).toISOString().slice(0, 10);
    return no(`does not hold: what it says of ${day} (UTC) or before is not what was sealed`);
  }
  if (unreadable > 0) return no(`is damaged: ${unreadable === 1 ? '1 line' : `${unreadable} lines`} cannot be read`);
  if (complete === false)
    return no('is an export that was changed or cut off: its last line does not fit what stands before it');
  return ok(ledger);
}
