import { text as words } from '../../core/i18n.ts';
import { err, ok, type Result } from '../../core/result.ts';
import { header, line, type LedgerLine, type Seal } from './ledger-schema.ts';
import {
  canonical,
  emptyLedger,
  eventKey,
  firstBroken,
  hoursInOrder,
  inOrder,
  markKey,
  sealDays,
  withCell,
  type Hash,
  type Ledger,
} from './ledger.ts';

/**
 * A ledger as text: JSON lines, the same on disk and in an export. The first line names the card. Hours, marks, windows
 * and events follow in any order; a later line replaces an earlier one of the same key. Seals close days. An export ends
 * with a line that covers everything before it, so that truncation or an edit is detected.
 */
export const headerLine = ({ uuid, name }: Pick<Ledger, 'uuid' | 'name'>, exported = false): string =>
  canonical({ format: header.shape.format.value, version: 1, uuid, name, ...(exported ? { export: true } : {}) });
export const ledgerLine = (content: LedgerLine): string => canonical(content);

/** Adds one line to a ledger, in place of an earlier one of the same key. */
export function keepLine({ hours, marks, windows, events }: Ledger, content: LedgerLine): void {
  if ('hour' in content) hours.set(content.hour.hourMs, withCell(hours.get(content.hour.hourMs), content.hour));
  else if ('mark' in content) marks.set(markKey(content.mark), content.mark);
  else if ('window' in content) windows.set(content.window.tsMs, content.window);
  else if ('event' in content) events.set(eventKey(content.event), content.event);
}

const linesOf = (ledger: Ledger, seals: readonly Seal[]): string[] => [
  ...hoursInOrder(ledger).flatMap(({ cells }) => cells.map((cell) => ledgerLine({ hour: cell }))),
  ...inOrder(ledger.marks).map((mark) => ledgerLine({ mark })),
  ...inOrder(ledger.windows).map((window) => ledgerLine({ window })),
  ...inOrder(ledger.events).map((event) => ledgerLine({ event })),
  ...seals.map((seal) => ledgerLine({ seal })),
];

/** A whole ledger with its seals. More lines may follow. */
export const openLedgerText = (ledger: Ledger, seals: readonly Seal[]): string =>
  `${[headerLine(ledger), ...linesOf(ledger, seals)].join('\n')}\n`;

/** A whole ledger as an export, closed by its last line. The same content gives the same text. */
export function ledgerText(ledger: Ledger, hash: Hash): string {
  const body = [headerLine(ledger, true), ...linesOf(ledger, sealDays(ledger, hash))].join('\n');
  return `${body}\n${canonical({ end: { hours: ledger.hours.size, hash: hash(body) } })}\n`;
}

export type ReadLedger = {
  readonly ledger: Ledger;
  readonly seals: readonly Seal[];
  /** number of unreadable lines: a partial last one after a crash, or damage */
  readonly unreadable: number;
  /** whether the closing line of an export matches its content; undefined for a ledger that still grows */
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
    return err('recording-unreadable', words('wear.ledger.notALedger'), words('wear.ledger.notALedgerNext'));
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

/** Checks that a ledger is unchanged since its days were sealed; otherwise explains what changed. */
export function verifyLedger({ ledger, seals, unreadable, complete }: ReadLedger, hash: Hash): Result<Ledger> {
  const broken = firstBroken(ledger, seals, hash);
  const { name } = ledger;
  const no = (what: string): Result<never> => err('recording-unreadable', what, words('wear.ledger.useCopy'));
  if (broken !== undefined) {
    return no(words('wear.ledger.brokenSeal', { name, day: new Date(broken).toISOString().slice(0, 10) }));
  }
  if (unreadable > 0) return no(words('wear.ledger.unreadable', { name, count: unreadable }));
  if (complete === false) return no(words('wear.ledger.incomplete', { name }));
  return ok(ledger);
}
