import { text } from '../../core/i18n.ts';
import { err, ok, type Result } from '../../core/result.ts';
import { sumTallies, type Tally } from '../tally.ts';
import type { HourCell, LedgerEvent, Mark, Seal, SteadyWindow } from './ledger-schema.ts';

export { markKinds, type LedgerEvent, type Mark, type MarkKind, type Seal } from './ledger-schema.ts';

/**
 * The life of one card, identified by its UUID: hours that add up, and what happened to the card. Ledgers merge like sets:
 * each hour comes from one of them, whole, so no hour counts twice and the order of merging does not matter.
 */
export type LedgerHour = { readonly hourMs: number; readonly cells: readonly HourCell[] };

export type Ledger = {
  readonly uuid: string;
  readonly name: string;
  readonly hours: Map<number, LedgerHour>;
  readonly marks: Map<string, Mark>;
  readonly windows: Map<number, SteadyWindow>;
  readonly events: Map<string, LedgerEvent>;
};

export const emptyLedger = (uuid: string, name: string): Ledger => ({
  uuid,
  name,
  hours: new Map(),
  marks: new Map(),
  windows: new Map(),
  events: new Map(),
});

/** JSON with sorted keys: the same content is the same text. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value) ?? 'null';
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  return `{${entries
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, item]) => `${JSON.stringify(key)}:${canonical(item)}`)
    .join(',')}}`;
}

export const markKey = ({ tsMs, kind }: Pick<Mark, 'tsMs' | 'kind'>): string => `${tsMs}/${kind}`;
export const eventKey = ({ tsMs, kind, code }: LedgerEvent): string => `${tsMs}/${kind}/${code}`;

const observedMs = ({ cells }: LedgerHour): number => cells.reduce((sum, { tally }) => sum + tally.observedMs, 0);
const modelOf = ({ cells }: LedgerHour): number => Math.min(...cells.map(({ modelVersion }) => Number(modelVersion)));

/** Chooses between two records of the same hour: the newer model, then more observed time, then a fixed order. */
function better(a: LedgerHour, b: LedgerHour): LedgerHour {
  const order = modelOf(a) - modelOf(b) || observedMs(a) - observedMs(b);
  if (order !== 0) return order > 0 ? a : b;
  return canonical(a) >= canonical(b) ? a : b;
}

const greater = <T>(a: T, b: T): T => (canonical(a) >= canonical(b) ? a : b);

function union<K, V>(a: ReadonlyMap<K, V>, b: ReadonlyMap<K, V>, choose: (a: V, b: V) => V): Map<K, V> {
  const both = new Map(a);
  for (const [key, value] of b) {
    const mine = both.get(key);
    both.set(key, mine === undefined ? value : choose(mine, value));
  }
  return both;
}

/** Removal wins; else a fixed order. */
const chooseMark = (a: Mark, b: Mark): Mark =>
  a.removed !== b.removed && (a.removed || b.removed) ? (a.removed ? a : b) : greater(a, b);

/** Merges two ledgers of one card. Associative, commutative and idempotent. Another card's ledger is refused. */
export function mergeLedgers(a: Ledger, b: Ledger): Result<Ledger> {
  if (a.uuid !== b.uuid) {
    return err(
      'invalid-argument',
      text('wear.ledger.otherCard', { theirs: b.name, theirUuid: b.uuid, ours: a.name, ourUuid: a.uuid }),
      text('wear.ledger.otherCardNext'),
    );
  }
  return ok({
    uuid: a.uuid,
    name: greater(a.name, b.name),
    hours: union(a.hours, b.hours, better),
    marks: union(a.marks, b.marks, chooseMark),
    windows: union(a.windows, b.windows, greater),
    events: union(a.events, b.events, greater),
  });
}

/** Adds a cell to an hour. A cell written twice (after a crash) replaces itself; another cell of that hour adds up. */
export function withCell(hour: LedgerHour | undefined, cell: HourCell): LedgerHour {
  const others = hour?.cells.filter(({ seq }) => seq !== cell.seq) ?? [];
  return { hourMs: cell.hourMs, cells: [...others, cell].sort((a, b) => a.seq - b.seq) };
}

export const hoursInOrder = ({ hours }: Ledger): LedgerHour[] =>
  [...hours.values()].sort((a, b) => a.hourMs - b.hourMs);

/** The sum of all hours of one model version. Hours of other versions are left out and never compared. */
export const ledgerTally = (ledger: Ledger, modelVersion: string): Tally =>
  sumTallies(cellsOf(ledger, modelVersion).map(({ tally }) => tally));

export const cellsOf = (ledger: Ledger, modelVersion: string): HourCell[] =>
  hoursInOrder(ledger)
    .flatMap(({ cells }) => cells)
    .filter((cell) => cell.modelVersion === modelVersion);

export const DAY_MS = 86_400_000;
export const dayOf = (tsMs: number): number => Math.floor(tsMs / DAY_MS) * DAY_MS;

export type Hash = (text: string) => string;

/** The content of each day: hours, steady windows, events. Marks are not sealed, because a person may remove one. */
function byDay(ledger: Ledger): [dayMs: number, content: readonly unknown[]][] {
  const days = new Map<number, unknown[]>();
  const add = (tsMs: number, item: unknown): void => {
    const day = days.get(dayOf(tsMs));
    if (day) day.push(item);
    else days.set(dayOf(tsMs), [item]);
  };
  // seals were always computed over this form
  for (const { hourMs, cells } of hoursInOrder(ledger)) add(hourMs, { hourMs, parts: cells });
  const last = Math.max(...days.keys());
  for (const window of inOrder(ledger.windows)) add(window.tsMs, window);
  for (const event of inOrder(ledger.events)) add(event.tsMs, event);
  return [...days].sort(([a], [b]) => a - b).filter(([dayMs]) => dayMs < last);
}

/** Windows, events or marks by time, with a fixed order for equal times. */
export const inOrder = <T extends { readonly tsMs: number }>(entries: ReadonlyMap<unknown, T>): T[] =>
  [...entries.values()].sort((a, b) => a.tsMs - b.tsMs || (canonical(a) < canonical(b) ? -1 : 1));

/** The newest cleaning or replacement of the thermal paste. */
export const cleaningOf = ({ marks }: Pick<Ledger, 'marks'>) =>
  inOrder(marks)
    .filter(({ kind, removed }) => !removed && (kind === 're-paste' || kind === 'cleaning'))
    .at(-1);

/**
 * The chain of sealed days. A day is sealed when an hour of a later day exists. The chain reveals damage and careless
 * edits. It is not a signature: anyone with the file and this program can build another chain.
 */
export function sealDays(ledger: Ledger, hash: Hash): Seal[] {
  let before = hash(ledger.uuid);
  return byDay(ledger).map(([dayMs, content]) => ({ dayMs, hash: (before = hash(`${before}${canonical(content)}`)) }));
}

/** The first day whose seal is missing or does not match its content; undefined if the chain is intact. */
export function firstBroken(ledger: Ledger, recorded: readonly Seal[], hash: Hash): number | undefined {
  const [now, then] = [sealDays(ledger, hash), recorded].map(
    (seals) => new Map(seals.map((seal) => [seal.dayMs, seal.hash])),
  ) as [Map<number, string>, Map<number, string>];
  return [...new Set([...now.keys(), ...then.keys()])]
    .sort((a, b) => a - b)
    .find((dayMs) => now.get(dayMs) !== then.get(dayMs));
}
