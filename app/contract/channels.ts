import { alertPreview, previewRequest } from '../alerts/preview-schema.ts';
import { alertChannelIds } from '../alerts/channels/channels.ts';
import { channelState } from '../alerts/channels/state.ts';
import { alertName, storedAlert } from '../alerts/schema.ts';
import { ownCost } from '../core/own-cost.ts';
import { err, ok, type Result } from '../core/result.ts';
import { appError, controlledGpu, gpuUuid, timeRange, type Plain } from '../core/schema.ts';
import { text } from '../core/i18n.ts';
import { z } from '../core/zod.ts';
import { governorStatus } from '../governor/schema.ts';
import { historyCapMb, retentionDays } from '../history/settings.ts';
import {
  range,
  rangeQuery,
  retentionPreview,
  shownLimit,
  storage,
  storedEvent,
  storedGpu,
  storedXid,
  totals,
} from '../history/schema.ts';
import { job, jobRequest, jobWish } from '../jobs/schema.ts';
import { stressTestStatus } from '../load/messages.ts';
import { stressTestShapes, standardPlan } from '../load/schedule.ts';
import { cardPage } from '../health/card-page-schema.ts';
import { settingsReport } from '../settings/read-settings.ts';
import { settingsChange, settingsSchema } from '../settings/settings.ts';
import { gap, tick } from '../telemetry/schema.ts';
import { exposure } from '../wear/exposure-schema.ts';
import { markRequest } from '../wear/ledger/ledger-schema.ts';
import { priceBook } from '../workload/prices/market.ts';
import { idleModel, storedSession } from '../workload/sessions/schema.ts';
import { followedRecorder } from './followed-recorder.ts';
import { pageIds } from './pages.ts';

/** What a report covers. */
export const reportRequest = z.strictObject({ gpuUuid: gpuUuid, ...timeRange.shape });

export const collectorStatus = z.object({
  /** not-shown: a recorder runs that this window cannot follow. waiting: the followed recorder ended; if it stays away, the window records. waiting-for-system: the window only waits */
  state: z.enum([
    'starting',
    'running',
    'silent',
    'restarting',
    'failed',
    'not-shown',
    'stopped',
    'waiting',
    'waiting-for-system',
  ]),
  restarts: z.int(),
  error: appError.optional(),
  /** undefined: the window's own recorder, or none yet */
  recorder: followedRecorder.optional(),
  /** where a damaged history was moved to */
  setAside: z.string().optional(),
  /** what happened to the history's file while recording */
  notice: z.object({ message: z.string(), next: z.string() }).optional(),
  /** updates that did not match their schema and were left out, since the window's process started */
  unread: z.int().optional(),
  dataFolder: z.string(),
});
export type CollectorStatus = z.infer<typeof collectorStatus>;

/** What Slowburn costs: the collector, and the window's application. */
const ownCosts = z.object({
  collector: ownCost,
  /** all processes of the window's application together; shared memory is counted in each */
  application: z.object({ cpuPct: z.number(), memoryBytes: z.number() }),
});

/** null: there are none, or they cannot be read */
const importedPrices = z.object({ book: priceBook.nullable() });
const pricesRequest = z.strictObject({
  /** of a file with several; null: it has one */
  series: z.string().max(200).nullable(),
  /** time zone of stamps that name none; null: they name it */
  zone: z.string().max(60).nullable(),
});

const desktopState = z.object({
  startsAtLogin: z.boolean(),
  /** false: a hidden window could not be opened again */
  showsTray: z.boolean(),
  /** a service records into this folder, with or without the window */
  serviceRecords: z.boolean(),
});

const nothing = z.undefined();
/** A way to send alerts; the channels of this file are questions. */
const notifyChannel = z.enum(alertChannelIds);

/**
 * All questions that the window can ask: channel → who answers, request, response. Handlers, preload and the window's client
 * are typed from this table, so a channel that is not in it does not exist. The schemas are those of the domains.
 * `access: 'read'` changes nothing and writes no file; a read-only connection to a recorder may ask it.
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
  /** the page reports its own error, for the log */
  'app.reportFault': { by: 'main', request: z.strictObject({ text: z.string().max(4000) }), response: nothing },
  'app.openFolder': { by: 'main', request: nothing, response: nothing },
  /** how Slowburn and the desktop get on */
  'desktop.get': { by: 'main', request: nothing, response: desktopState },
  'desktop.startAtLogin': { by: 'main', request: z.strictObject({ on: z.boolean() }), response: desktopState },
  'settings.get': { by: 'main', request: nothing, response: settingsSchema },
  'settings.set': { by: 'main', request: settingsChange, response: settingsSchema },
  'settings.report': { by: 'main', request: nothing, response: settingsReport },
  /** imported electricity prices */
  'prices.get': { by: 'main', request: nothing, response: importedPrices },
  /** main asks the user for a file of prices */
  'prices.import': {
    by: 'main',
    request: pricesRequest,
    /** what was taken, as a sentence; null: the user closed the dialog */
    response: z.string().nullable(),
  },
  'collector.status': { by: 'main', request: nothing, response: collectorStatus },
  'alerts.firing': { by: 'main', request: nothing, response: z.array(storedAlert) },
  'live.latest': { by: 'main', request: nothing, response: tick.nullable() },
  'report.save': {
    by: 'main',
    request: reportRequest.extend({ format: z.enum(['html', 'csv']) }),
    /** null: the user closed the dialog */
    response: z.object({ path: z.string() }).nullable(),
  },
  'stressTest.status': { by: 'main', request: nothing, response: stressTestStatus },
  /** starts the stress test; a plan may be shorter than the standard one, never hotter or longer */
  'stressTest.start': {
    by: 'main',
    request: z.strictObject({
      shape: z.enum(stressTestShapes),
      gpuUuid: controlledGpu,
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
    response: stressTestStatus,
  },
  'stressTest.stop': { by: 'main', request: nothing, response: nothing },
  'gpus.list': { by: 'collector', access: 'read', request: nothing, response: z.array(storedGpu) },
  'history.extent': { by: 'collector', access: 'read', request: nothing, response: timeRange.nullable() },
  'history.range': { by: 'collector', access: 'read', request: rangeQuery, response: range },
  'history.marks': {
    by: 'collector',
    access: 'read',
    request: timeRange,
    response: z.object({
      alerts: z.array(storedAlert),
      sessions: z.array(storedSession),
      gaps: z.array(gap),
      xids: z.array(storedXid),
      events: z.array(storedEvent),
    }),
  },
  'history.totals': { by: 'collector', access: 'read', request: reportRequest, response: totals.nullable() },
  /** what the disk holds, and what a retention rule would delete */
  'history.storage': {
    by: 'collector',
    access: 'read',
    request: z.strictObject({ retentionDays: retentionDays.nullable(), historyCapMb }),
    response: z.object({
      storage: storage,
      preview: retentionPreview,
      /** limits in force, and tighter ones that wait */
      limits: z.object({ retentionDays: shownLimit, historyCapMb: shownLimit }),
    }),
  },
  /** main asks the user for a file name; null: the user closed the dialog */
  'jobs.start': {
    by: 'main',
    request: jobWish,
    response: job.nullable(),
  },
  'jobs.cancel': {
    by: 'collector',
    access: 'control',
    request: z.strictObject({ id: z.int().min(1) }),
    response: z.boolean(),
  },
  'jobs.list': { by: 'collector', access: 'read', request: nothing, response: z.array(job) },
  // only main asks this: it knows the path that the user chose
  'jobs.begin': {
    by: 'collector',
    access: 'control',
    private: true,
    request: jobRequest,
    response: job,
  },
  'wear.exposure': {
    by: 'collector',
    access: 'read',
    request: z.strictObject({ gpuUuid: gpuUuid }),
    response: exposure.nullable(),
  },
  'wear.card': {
    by: 'collector',
    access: 'read',
    request: z.strictObject({ gpuUuid: gpuUuid }),
    response: cardPage.nullable(),
  },
  /** sets a mark, or removes it again with `removed` */
  'wear.mark': {
    by: 'collector',
    access: 'control',
    request: z.strictObject({ gpuUuid: gpuUuid, mark: markRequest }),
    response: nothing,
  },
  'alerts.newest': {
    by: 'collector',
    access: 'read',
    request: z.strictObject({ limit: z.int().min(1).max(1000) }),
    response: z.array(storedAlert),
  },
  'alerts.acknowledge': { by: 'collector', access: 'control', request: alertName, response: nothing },
  'alerts.snooze': {
    by: 'collector',
    access: 'control',
    request: alertName.extend({
      forMs: z
        .number()
        .min(60_000)
        .max(7 * 86_400_000),
    }),
    response: nothing,
  },
  /** how often a rule would have fired in the last 30 days, as the settings have it */
  'alerts.preview': { by: 'collector', access: 'read', request: previewRequest, response: alertPreview },
  /** what alerts are sent by, and how that works; never a secret */
  'notify.states': { by: 'collector', access: 'read', request: nothing, response: z.array(channelState) },
  /** sends a test message; the answer is a sentence */
  'notify.test': {
    by: 'collector',
    access: 'control',
    request: z.strictObject({ channel: notifyChannel }),
    response: z.string(),
  },
  /** null removes the secret */
  'notify.setSecret': {
    by: 'collector',
    access: 'control',
    request: z.strictObject({
      channel: notifyChannel,
      name: z.string().min(1).max(40),
      value: z.string().min(1).max(4000).nullable(),
    }),
    response: nothing,
  },
  'xids.newest': {
    by: 'collector',
    access: 'read',
    request: z.strictObject({ limit: z.int().min(1).max(1000) }),
    response: z.array(storedXid),
  },
  /** lost cards, resets, and machines that stopped without a shutdown */
  'incidents.newest': {
    by: 'collector',
    access: 'read',
    request: z.strictObject({ limit: z.int().min(1).max(1000) }),
    response: z.array(storedEvent),
  },
  'sessions.newest': {
    by: 'collector',
    access: 'read',
    request: z.strictObject({ limit: z.int().min(1).max(1000) }),
    response: z.array(storedSession),
  },
  /** models that stayed loaded without work in the newest week of the history */
  'models.idle': {
    by: 'collector',
    access: 'read',
    request: nothing,
    response: timeRange.extend({ models: z.array(idleModel) }).nullable(),
  },
  'governor.status': { by: 'collector', access: 'read', request: nothing, response: governorStatus },
  /** in force at once, and reverted after 15 s unless it is confirmed */
  'governor.tryLimit': {
    by: 'collector',
    access: 'control',
    request: z.strictObject({ gpuUuid: controlledGpu, limitW: z.int().min(30).max(3000) }),
    response: nothing,
  },
  'governor.confirmLimit': {
    by: 'collector',
    access: 'control',
    request: z.strictObject({ gpuUuid: controlledGpu }),
    response: nothing,
  },
  'governor.restoreLimit': {
    by: 'collector',
    access: 'control',
    request: z.strictObject({ gpuUuid: controlledGpu }),
    response: nothing,
  },
  // only main asks this: it knows the path that the user chose
  'prices.add': {
    by: 'collector',
    access: 'control',
    private: true,
    request: pricesRequest.extend({ path: z.string(), locale: z.string() }),
    response: z.string(),
  },
  /** a report as HTML */
  'report.preview': {
    by: 'collector',
    access: 'read',
    private: true,
    request: reportRequest.extend({ locale: z.string() }),
    response: z.string(),
  },
  // only main asks this: it knows the path that the user chose
  'report.make': {
    by: 'collector',
    access: 'control',
    private: true,
    request: reportRequest.extend({ format: z.enum(['html', 'csv']), path: z.string(), locale: z.string() }),
    /** the path written */
    response: z.string(),
  },
  /** the recorder ends in order, so that the service that asks records into its folder */
  'recorder.handOver': { by: 'collector', access: 'control', private: true, request: nothing, response: nothing },
  /** has a sample taken beside the interval, if the source can; too many at once are one */
  'sample.take': { by: 'collector', access: 'read', private: true, request: nothing, response: nothing },
} as const satisfies Record<
  string,
  | { by: 'main'; request: z.ZodType; response: z.ZodType }
  | { by: 'collector'; access: 'read' | 'control'; private?: true; request: z.ZodType; response: z.ZodType }
>;

export type Channel = keyof typeof channels;
export type ChannelOf<By extends 'main' | 'collector'> = {
  [C in Channel]: (typeof channels)[C]['by'] extends By ? C : never;
}[Channel];
export type RequestOf<C extends Channel> = z.output<(typeof channels)[C]['request']>;

export type ResponseOf<C extends Channel> = Plain<z.output<(typeof channels)[C]['response']>>;

const DEEPEST = 16; // no request is nested this deeply, but a circular one is

/**
 * Path of a field that is named but has no value. Schemas treat it as absent, and a handler that spreads the request over an
 * object would overwrite that object's field.
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

/** The request as its handler expects it, or an error that names what is invalid. */
export function checkRequest<C extends Channel>(channel: C, payload: unknown): Result<RequestOf<C>> {
  const request = channels[channel].request.safeParse(payload);
  if (request.success) {
    const path = undefinedIn(payload, []);
    if (path === undefined) return ok(request.data as RequestOf<C>);
    return err('invalid-request', text('contract.missingValue', { channel, field: path.join('.') }));
  }
  const issue = request.error.issues[0];
  const reason = [issue?.path.join('.'), issue?.message].filter(Boolean).join(': ');
  return err('invalid-request', text('contract.invalid', { channel, reason }));
}

/** What the window receives without asking. */
export const pushes = {
  tick: tick,
  collector: collectorStatus,
  settings: settingsSchema,
  settingsReport,
  /** imported prices, at the start and after a change */
  prices: importedPrices,
  alerts: z.array(storedAlert),
  job: job,
  stressTest: stressTestStatus,
  /** a session began or ended */
  sessions: nothing,
  cost: ownCosts,
  /** main asks the window to show a page, and an alert on it */
  show: z.object({ page: z.enum(pageIds), alert: alertName.optional() }),
} as const satisfies Record<string, z.ZodType>;

export type Push = keyof typeof pushes;
export type PushOf<P extends Push> = Plain<z.output<(typeof pushes)[P]>>;
