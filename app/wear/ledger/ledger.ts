import type { SteadyWindow } from '../cooling/windows.ts';
import { err, ok, type Result } from '../../core/result.ts';
import type { HourCell } from '../meter.ts';
import { sumTallies, type Tally } from '../tally.ts';

/**
 * The life of one card, kept by its UUID: hours that add up, and what happened to it. Ledgers merge as sets do: each hour
 * is taken from one of them, whole, so none is counted twice, and the order of merging does not matter.
 */
export type LedgerHour = { readonly hourMs: number; readonly parts: readonly HourCell[] };

/** What a person did to the card, or what the driver said: shown beside the trend. */
export const markKinds = ['re-paste', 'cleaning', 'fan', 'case', 'room', 'other'] as const;
export type MarkKind = (typeof markKinds)[number];
export type Mark = {
  readonly tsMs: number;
  readonly kind: MarkKind;
  readonly text: string;
  /** taken back: stays taken back in every merge */
  readonly removed?: boolean;
};

export type LedgerEvent = {
  readonly tsMs: number;
  readonly kind: string;
  readonly code: number;
  readonly text: string;
};

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

const observedMs = ({ parts }: LedgerHour): number => parts.reduce((sum, { tally }) => sum + tally.observedMs, 0);
const modelOf = ({ parts }: LedgerHour): number => Math.min(...parts.map(({ modelVersion }) => Number(modelVersion)));

/** Of two accounts of the same hour: the newer model's, then the one that saw more, then any, but always the same. */
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

/** Takes back wins; else any, but always the same. */
const chooseMark = (a: Mark, b: Mark): Mark =>
  a.removed !== b.removed && (a.removed || b.removed) ? (a.removed ? a : b) : greater(a, b);

/** Two ledgers of one card as one. Associative, commutative and idempotent. Another card's ledger is refused. */
export function mergeLedgers(a: Ledger, b: Ledger): Result<Ledger> {
  if (a.uuid !== b.uuid) {
    return err(
      'invalid-argument',
      `The ledger is that of ${b.name} (${b.uuid}), not of ${a.name} (${a.uuid}).`,
      'Import it without naming a card: it then keeps a file of its own.',
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

/** An hour with one more cell: the same cell again (after a crash) replaces itself, another one of that hour adds up. */
export function withCell(hour: LedgerHour | undefined, cell: HourCell): LedgerHour {
  const others = hour?.parts.filter(({ seq }) => seq !== cell.seq) ?? [];
  return { hourMs: cell.hourMs, parts: [...others, cell].sort((a, b) => a.seq - b.seq) };
}

export const hoursInOrder = ({ hours }: Ledger): LedgerHour[] =>
  [...hours.values()].sort((a, b) => a.hourMs - b.hourMs);

/** What all hours of one model version add up to; hours of another version are left out and never compared. */
export const ledgerTally = (ledger: Ledger, modelVersion: string): Tally =>
  sumTallies(cellsOf(ledger, modelVersion).map(({ tally }) => tally));

export const cellsOf = (ledger: Ledger, modelVersion: string): HourCell[] =>
  hoursInOrder(ledger)
    .flatMap(({ parts }) => parts)
    .filter((cell) => cell.modelVersion === modelVersion);

export const DAY_MS = 86_400_000;
export const dayOf = (tsMs: number): number => Math.floor(tsMs / DAY_MS) * DAY_MS;

/** A sealed day: its hash covers what is kept of it and the hash of the sealed day before. */
export type Seal = { readonly dayMs: number; readonly hash: string };
export type Hash = (text: string) => string;

/** What happened on each day: hours, steady windows, events. Marks are not sealed, because a person may take one back. */
function byDay(ledger: Ledger): [dayMs: number, content: readonly unknown[]][] {
  const days = new Map<number, unknown[]>();
  const add = (tsMs: number, item: unknown): void => {
    const day = days.get(dayOf(tsMs));
    if (day) day.push(item);
    else days.set(dayOf(tsMs), [item]);
  };
  for (const hour of hoursInOrder(ledger)) add(hour.hourMs, hour);
  const last = Math.max(...days.keys());
  for (const window of inOrder(ledger.windows)) add(window.tsMs, window);
  for (const event of inOrder(ledger.events)) add(event.tsMs, event);
  return [...days].sort(([a], [b]) => a - b).filter(([dayMs]) => dayMs < last);
}

/** Windows, events or marks by time, and those of one moment always in the same order. */
export const inOrder = <T extends { readonly tsMs: number }>(entries: ReadonlyMap<unknown, T>): T[] =>
  [...entries.values()].sort((a, b) => a.tsMs - b.tsMs || (canonical(a) < canonical(b) ? -1 : 1));

/**
 * The chain of sealed days. A day is sealed when an hour of a later one is there. It shows damage and careless edits; it
 * is no signature, and whoever has the file and this program can build another chain.
 */
export function sealDays(ledger: Ledger, hash: Hash): Seal[] {
  let before = hash(ledger.uuid);
  return byDay(ledger).map(([dayMs, content]) => ({ dayMs, hash: (before = hash(`${before}${canonical(content)}`)) }));
}

/** The first day whose seal is not that of its content, or is missing; undefined when the chain holds. */
export function firstBroken(ledger: Ledger, recorded: readonly Seal[], hash: Hash): number | undefined {
  const [now, then] = [sealDays(ledger, hash), recorded].map(
    (seals) => new Map(seals.map((seal) => [seal.dayMs, seal.hash])),
  ) as [Map<number, string>, Map<number, string>];
  return [...new Set([...now.keys(), ...then.keys()])]
    .sort((a, b) => a - b)
    .find((dayMs) => now.get(dayMs) !== then.get(dayMs));
}
