import { storedAlert } from '../../alerts/schema.ts';
import { channels, type ChannelOf } from '../../contract/channels.ts';
import { origins } from '../../core/origin.ts';
import { ownCost } from '../../core/own-cost.ts';
import { recorderKinds } from '../../core/recorder-kinds.ts';
import { appError, type TypeOf } from '../../core/schema.ts';
import { z } from '../../core/zod.ts';
import { governorEntry } from '../../governor/schema.ts';
import { job } from '../../jobs/schema.ts';
import { settingsSchema } from '../../settings/settings.ts';
import { tick } from '../../telemetry/schema.ts';
import { priceBook } from '../../workload/prices/market.ts';

// What a recorder and its clients say to each other on a local socket: one message per line (line-values.ts), both sides
// check each by its schema here and by its size. docs/format/socket.md describes it for other programs.

/**
 * Raised when either side could misunderstand the other. A client of another protocol leaves after `hello` and says so.
 * The fields `type`, `product`, `protocol`, `version` and `pid` of `hello` stay as they are in every protocol.
 */
export const PROTOCOL = 1;

/** A longer line from a client ends its connection: questions are short. */
export const LONGEST_REQUEST_BYTES = 256 * 1024;
/** The longest answer: a report as HTML. */
export const LONGEST_ANSWER_BYTES = 64 * 1024 * 1024;
/** A client that has not introduced itself by then is disconnected. */
export const HELLO_WITHIN_MS = 5_000;
/** The recorder sends something at least this often, so that a client notices one that hangs. */
export const HEARTBEAT_MS = 2_000;

/** read: questions that change nothing. control: all. */
export const rights = ['read', 'control'] as const;
export type Rights = (typeof rights)[number];

/** user: records into the data folder of its user. system: the machine's recorder. */
export const scopes = ['user', 'system'] as const;
export type Scope = (typeof scopes)[number];

/** What every protocol says first: enough to report another version. */
export const anyHello = z.object({
  type: z.literal('hello'),
  product: z.literal('slowburn'),
  protocol: z.int(),
  version: z.string(),
  pid: z.int(),
});

const hello = anyHello.extend({
  scope: z.enum(scopes),
  /** what this connection may do */
  may: z.enum(rights),
  dataFolder: z.string(),
  databaseFile: z.string(),
  origin: z.enum(origins),
  /** label of the source: "NVML 12.575.57" */
  source: z.string(),
  startedBy: z.enum(recorderKinds),
  /** when this recorder began, ms since 1970 */
  sinceMs: z.number(),
  /** where a damaged history was moved to, if one was found at its start */
  setAside: z.string().optional(),
});
export type Hello = TypeOf<typeof hello>;

/**
 * Recorder → client. After the client's `hello` come the newest `settings`, `prices`, `alerts` (with `told` and `cleared`
 * empty), `cost` and `tick`, as far as there are any; then each when it changes.
 */
export const fromRecorder = z.discriminatedUnion('type', [
  hello,
  z.object({ type: z.literal('heartbeat') }),
  z.object({ type: z.literal('tick'), tick }),
  z.object({
    type: z.literal('alerts'),
    firing: z.array(storedAlert),
    told: z.array(storedAlert),
    cleared: z.array(storedAlert),
  }),
  z.object({ type: z.literal('sessions') }),
  z.object({ type: z.literal('notice'), notice: z.object({ message: z.string(), next: z.string() }) }),
  z.object({ type: z.literal('action'), action: governorEntry }),
  z.object({ type: z.literal('cost'), cost: ownCost }),
  z.object({ type: z.literal('prices'), book: priceBook.optional() }),
  z.object({ type: z.literal('job'), job }),
  /** the settings in force */
  z.object({ type: z.literal('settings'), settings: settingsSchema }),
  /** the answer to a request; its value is checked by the schema of its channel */
  z.object({
    type: z.literal('response'),
    id: z.int(),
    result: z.union([
      z.object({ ok: z.literal(true), value: z.unknown() }),
      z.object({ ok: z.literal(false), error: appError }),
    ]),
  }),
  /** the recorder ends in order, or this connection does, with the reason in words */
  z.object({ type: z.literal('bye'), why: z.enum(['stopping', 'refused']), message: z.string() }),
]);
export type FromRecorder = TypeOf<typeof fromRecorder>;

/** Client → recorder. `hello` is first and comes once. */
export const fromClient = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('hello'),
    protocol: z.int(),
    version: z.string().max(100),
    /** false: this client only asks, and gets no pushes */
    follow: z.boolean(),
  }),
  z.strictObject({
    type: z.literal('request'),
    id: z.int().min(0),
    /** of app/contract/channels.ts; an unknown one, of a newer client, is answered with an error */
    channel: z.string().max(100),
    payload: z.unknown(),
  }),
]);
export type FromClient = TypeOf<typeof fromClient>;

/** Whether a connection may ask a channel. */
export const mayAsk = (may: Rights, channel: ChannelOf<'collector'>): boolean =>
  may === 'control' || channels[channel].access === 'read';
