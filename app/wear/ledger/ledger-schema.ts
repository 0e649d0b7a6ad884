import { moment, type Plain, type TypeOf } from '../../core/schema.ts';
import { z } from '../../core/zod.ts';
import { tally } from '../tally-schema.ts';

/** One hour of one card's life. It is kept for ever. */
export const hourCell = z.object({
  hourMs: moment,
  /** time stamp of its first sample */
  firstMs: moment,
  modelVersion: z.string(),
  /** number of the cell within one run of the meter; a cell written twice, after a crash for example, keeps its number */
  seq: z.int(),
  tally,
});

export type HourCell = TypeOf<typeof hourCell>;

/** What a person did to the card. Marks are shown next to the trend. */
export const markKinds = ['re-paste', 'cleaning', 'fan', 'case', 'room', 'other'] as const;
export type MarkKind = (typeof markKinds)[number];
export const mark = z.object({
  tsMs: moment,
  kind: z.enum(markKinds),
  text: z.string(),
  /** a removed mark stays removed in every merge */
  removed: z.boolean().optional(),
});
export type Mark = TypeOf<typeof mark>;
/** A mark as the window sends it. */
export const markRequest = mark.extend({ text: z.string().max(200) });

/** A period in which heat in and heat out were in balance. */
export const steadyWindow = z.object({
  tsMs: moment,
  durationMs: z.number(),
  coreC: z.number(),
  powerW: z.number(),
  /** mean target fan speed, within one band of 5 points; −1 where the card reports none */
  fanPct: z.number(),
});
export type SteadyWindow = TypeOf<typeof steadyWindow>;

export const ledgerEvent = z.object({ tsMs: moment, kind: z.string(), code: z.number(), text: z.string() });
export type LedgerEvent = TypeOf<typeof ledgerEvent>;

/** A sealed day: its hash covers its content and the hash of the sealed day before. */
export const seal = z.object({ dayMs: moment, hash: z.string() });
export type Seal = TypeOf<typeof seal>;

const FORMAT = 'slowburn-ledger';

/** First line of a ledger file. */
export const header = z.object({
  format: z.literal(FORMAT),
  version: z.literal(1),
  uuid: z.string().min(1),
  name: z.string(),
  /** an export, which ends with a closing line; without it the file is a ledger that grows */
  export: z.literal(true).optional(),
});

/** Every other line. */
export const line = z.union([
  z.object({ hour: hourCell }),
  z.object({ mark }),
  z.object({ window: steadyWindow }),
  z.object({ event: ledgerEvent }),
  z.object({ seal }),
  z.object({ end: z.object({ hours: z.int(), hash: z.string() }) }),
]);
export type LedgerLine = Plain<Exclude<z.infer<typeof line>, { end: unknown }>>;
