import * as z from 'zod';
import { exportFormats } from '../exchange/format.ts';
import { metrics } from '../metrics/metrics.ts';
import { err, ok, type Result } from '../core/result.ts';
import { historyCapMb, limitFields, retentionDays } from '../history/retention/limits.ts';
import { settingsChange, settingsSchema } from '../settings/settings.ts';
import { burnStatus } from '../load/messages.ts';
import { burnShapes, standardPlan } from '../load/schedule.ts';
import { pageIds } from './pages.ts';
import * as s from './schemas.ts';
import { cardPage, exposure, mark } from './wear-schemas.ts';

/** What a report covers. */
export const reportRequest = z.strictObject({ gpuUuid: s.gpuUuid, ...s.timeRange.shape });

const exported = {
  kind: z.literal('export'),
  format: z.enum(exportFormats),
  fromMs: s.moment,
  toMs: s.moment,
  /** all when empty */
  metrics: z.array(s.metricKey).max(metrics.length),
  gpuUuids: z.array(s.gpuUuid).max(256),
};

export const collectorStatus = z.object({
  state: z.enum(['starting', 'running', 'silent', 'restarting', 'failed', 'stopped']),
  restarts: z.int(),
  error: s.appError.optional(),
  /** a damaged history was found and moved here */
  setAside: z.string().optional(),
  /** what happened to the history's file while it was recorded */
  notice: z.object({ message: z.string(), next: z.string() }).optional(),
  /** updates that did not match their schema and were left out, since the window's process started */
  unread: z.int().optional(),
  dataFolder: z.string(),
});
export type CollectorStatus = z.infer<typeof collectorStatus>;

const shownLimit = z.object({
  suspended: z.boolean(),
  inForce: z.number().nullable(),
  pending: z.object({ value: z.number(), fromMs: z.number() }).nullable(),
});

/** What is wrong with the file of settings, and what follows from it. */
export const settingsReport = z.object({
  file: z.string(),
  problems: z.array(
    z.object({ field: z.string(), line: z.int().nullable(), message: z.string(), next: z.string().optional() }),
  ),
  suspended: z.array(z.enum(limitFields)),
  copy: z.string().optional(),
});

const nothing = z.undefined();

/**
 * THE table of questions: channel → who answers, what is asked, what is answered. Handlers, preload and the window's
 * client are typed from it; a channel that is not here does not exist.
 */
export const channels = {
  'app.info': {
    by: 'main',
    request: nothing,
    response: z.object({
      version: z.string(),
      electron: z.string(),
      platform: z.string(),
      locale: z.string(),
      dataFolder: z.string(),
    }),
  },
  /** the page reports an error of its own, for the log */
  'app.reportFault': { by: 'main', request: z.strictObject({ text: z.string().max(4000) }), response: nothing },
  'app.openFolder': { by: 'main', request: nothing, response: nothing },
  'settings.get': { by: 'main', request: nothing, response: settingsSchema },
  'settings.set': { by: 'main', request: settingsChange, response: settingsSchema },
  'settings.report': { by: 'main', request: nothing, response: settingsReport },
  'collector.status': { by: 'main', request: nothing, response: collectorStatus },
  'alerts.firing': { by: 'main', request: nothing, response: z.array(s.alert) },
  'live.latest': { by: 'main', request: nothing, response: s.tick.nullable() },
  'report.save': {
    by: 'main',
    request: reportRequest.extend({ format: z.enum(['html', 'csv']) }),
    /** null: the person closed the dialog */
    response: z.object({ path: z.string() }).nullable(),
  },
  'burn.status': { by: 'main', request: nothing, response: burnStatus },
  /** runs the reference load by its schedule; a shorter plan may be given, never a hotter or longer one */
  'burn.start': {
    by: 'main',
    request: z.strictObject({
      shape: z.enum(burnShapes),
      gpuUuid: s.controlledGpu,
      plan: z
        .strictObject({
          idleMs: z.number().min(0).max(standardPlan.idleMs),
          rampMs: z.number().min(0).max(standardPlan.rampMs),
          soakMs: z.tuple([z.number().min(0), z.number().max(standardPlan.soakMs[1])]),
          coolMs: z.number().min(0).max(standardPlan.coolMs),
          maxTempC: z.number().min(40).max(standardPlan.maxTempC),
          maxMs: z.number().min(1000).max(standardPlan.maxMs),
        })
        .partial(),
    }),
    response: burnStatus,
  },
  'burn.stop': { by: 'main', request: nothing, response: nothing },
  'gpus.list': { by: 'collector', request: nothing, response: z.array(s.storedGpu) },
  'history.extent': { by: 'collector', request: nothing, response: s.timeRange.nullable() },
  'history.range': { by: 'collector', request: s.rangeRequest, response: s.range },
  'history.marks': {
    by: 'collector',
    request: s.timeRange,
    response: z.object({
      alerts: z.array(s.alert),
      sessions: z.array(s.session),
      gaps: z.array(s.gap),
      xids: z.array(s.storedXid),
      events: z.array(s.event),
    }),
  },
  'history.totals': { by: 'collector', request: reportRequest, response: s.totals.nullable() },
  /** what the disk holds, and what a rule of retention would free */
  'history.storage': {
    by: 'collector',
    request: z.strictObject({ retentionDays: retentionDays.nullable(), historyCapMb }),
    response: z.object({
      storage: s.storage,
      preview: z.object({
        bytes: z.number(),
        samples: z.number(),
        hours: z.int(),
        gpus: z.int(),
        beforeMs: z.number().nullable(),
      }),
      /** what is kept to now, and what waits */
      limits: z.object({ retentionDays: shownLimit, historyCapMb: shownLimit }),
    }),
  },
  /** Main asks for the place of the file. null: the person closed the dialog */
  'jobs.start': {
    by: 'main',
    request: z.discriminatedUnion('kind', [
      z.strictObject(exported),
      z.strictObject({ kind: z.literal('backup') }),
      z.strictObject({ kind: z.literal('check') }),
    ]),
    response: s.job.nullable(),
  },
  'jobs.cancel': { by: 'collector', request: z.strictObject({ id: z.int().min(1) }), response: z.boolean() },
  'jobs.list': { by: 'collector', request: nothing, response: z.array(s.job) },
  // asked by main alone, which knows the path the person chose
  'jobs.begin': {
    by: 'collector',
    private: true,
    request: z.discriminatedUnion('kind', [
      z.strictObject({ ...exported, target: z.string().min(1) }),
      z.strictObject({ kind: z.literal('backup'), target: z.string().min(1) }),
      z.strictObject({ kind: z.literal('check') }),
    ]),
    response: s.job,
  },
  'wear.exposure': {
    by: 'collector',
    request: z.strictObject({ gpuUuid: s.gpuUuid }),
    response: exposure.nullable(),
  },
  'wear.card': { by: 'collector', request: z.strictObject({ gpuUuid: s.gpuUuid }), response: cardPage.nullable() },
  /** sets a mark, or takes one back with `removed` */
  'wear.mark': {
    by: 'collector',
    request: z.strictObject({ gpuUuid: s.gpuUuid, mark: mark }),
    response: nothing,
  },
  'alerts.newest': {
    by: 'collector',
    request: z.strictObject({ limit: z.int().min(1).max(1000) }),
    response: z.array(s.alert),
  },
  'xids.newest': {
    by: 'collector',
    request: z.strictObject({ limit: z.int().min(1).max(1000) }),
    response: z.array(s.storedXid),
  },
  'sessions.newest': {
    by: 'collector',
    request: z.strictObject({ limit: z.int().min(1).max(1000) }),
    response: z.array(s.session),
  },
  'governor.status': { by: 'collector', request: nothing, response: s.governorStatus },
  /** in force at once, and taken back after 15 s unless it is confirmed */
  'governor.tryCap': {
    by: 'collector',
    request: z.strictObject({ gpuUuid: s.controlledGpu, capW: z.int().min(30).max(3000) }),
    response: nothing,
  },
  'governor.confirmCap': { by: 'collector', request: z.strictObject({ gpuUuid: s.controlledGpu }), response: nothing },
  'governor.releaseCap': { by: 'collector', request: z.strictObject({ gpuUuid: s.controlledGpu }), response: nothing },
  // asked by main alone, which knows the path the person chose; the window cannot
  'report.make': {
    by: 'collector',
    private: true,
    request: reportRequest.extend({
      format: z.enum(['html', 'csv']),
      path: z.string().optional(),
      locale: z.string(),
    }),
    /** the path written, or the HTML when there was no path */
    response: z.string(),
  },
} as const satisfies Record<
  string,
  { by: 'main' | 'collector'; private?: true; request: z.ZodType; response: z.ZodType }
>;

export type Channel = keyof typeof channels;
export type ChannelOf<By extends 'main' | 'collector'> = {
  [C in Channel]: (typeof channels)[C]['by'] extends By ? C : never;
}[Channel];
export type RequestOf<C extends Channel> = z.output<(typeof channels)[C]['request']>;

type Leaf = Float64Array | Uint8Array | Uint16Array;
/** What crosses is copied on the way: nobody writes into it. */
type Plain<T> = T extends Leaf ? T : T extends object ? { readonly [K in keyof T]: Plain<T[K]> } : T;
export type ResponseOf<C extends Channel> = Plain<z.output<(typeof channels)[C]['response']>>;

const DEEPEST = 16; // no question is nested so deeply, and a circle is

/**
 * Where a question names a field and gives it no value. Schemas take that for a field that is not there; a handler that
 * spreads the question over what it has would lose what it has.
 */
function undefinedIn(value: unknown, path: readonly string[]): readonly string[] | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [key, part] of Object.entries(value)) {
    const at = [...path, key];
    const found = part === undefined || at.length > DEEPEST ? at : undefinedIn(part, at);
    if (found) return found;
  }
  return undefined;
}

/** A question as its handler wants it, or a sentence that says what does not fit. */
export function checkRequest<C extends Channel>(channel: C, payload: unknown): Result<RequestOf<C>> {
  const request = channels[channel].request.safeParse(payload);
  if (request.success) {
    const path = undefinedIn(payload, []);
    if (path === undefined) return ok(request.data as RequestOf<C>);
    return err('invalid-request', `${channel}: ${path.join('.')}: a value is missing`);
  }
  const issue = request.error.issues[0];
  return err('invalid-request', `${channel}: ${[issue?.path.join('.'), issue?.message].filter(Boolean).join(': ')}`);
}

/** What the window is told without asking. */
export const pushes = {
  tick: s.tick,
  collector: collectorStatus,
  settings: settingsSchema,
  settingsReport,
  alerts: z.array(s.alert),
  job: s.job,
  burn: burnStatus,
  /** sessions were begun or ended */
  sessions: nothing,
  /** what Slowburn itself costs, every few seconds */
  cost: s.ownCost,
  /** main asks the window to show a page */
  show: z.object({ page: z.enum(pageIds) }),
} as const satisfies Record<string, z.ZodType>;

export type Push = keyof typeof pushes;
export type PushOf<P extends Push> = Plain<z.output<(typeof pushes)[P]>>;
