import type { Deliveries } from '../alerts/channels/deliveries.ts';
import type { AlertAction } from '../alerts/desk.ts';
import { isBudget, previewBudget } from '../alerts/budget-preview.ts';
import { previewRule } from '../alerts/preview.ts';
import { alertRuleOf } from '../alerts/rules.ts';
import { ruleWith, rulesOn } from '../alerts/settings.ts';
import { text } from '../core/i18n.ts';
import type { ShownLimits } from '../history/retention/grace.ts';
import type { Store } from './store.ts';
import type { Recording } from './tick-pipeline.node.ts';
import type { Jobs } from '../jobs/jobs.ts';
import type { ReportRequest } from '../report/report.ts';
import { err, ok, type Result } from '../core/result.ts';
import { createCardPages } from '../health/card-page.ts';
import { newestWeek } from '../workload/sessions/idle-models.ts';
import type { WearTracker } from '../wear/tracker.ts';
import type { Tariff } from '../workload/energy/tariff.ts';
import { checkRequest, type ChannelOf, type RequestOf, type ResponseOf } from '../contract/channels.ts';

type Answer<C extends ChannelOf<'collector'>> = Result<ResponseOf<C>>;
type Answers = {
  readonly [C in ChannelOf<'collector'>]: (request: RequestOf<C>) => Answer<C> | Promise<Answer<C>>;
};

export type MakeReport = (
  request: ReportRequest & { readonly format: 'html' | 'csv'; readonly path?: string; readonly locale: string },
) => Promise<Result<string>>;

export type GovernorAnswers = {
  readonly status: () => ResponseOf<'governor.status'>;
  readonly tryLimit: (gpuUuid: string, limitW: number) => Promise<Result<undefined>>;
  readonly confirmLimit: (gpuUuid: string) => boolean;
  readonly restoreLimit: (gpuUuid: string) => Promise<Result<undefined>>;
};

export type AddPrices = (request: RequestOf<'prices.add'>) => Result<string>;

type AnswerSources = {
  readonly store: Store;
  readonly wear: WearTracker;
  readonly governor: GovernorAnswers;
  readonly recording: Pick<Recording, 'act' | 'lastTickMs'>;
  readonly makeReport: MakeReport;
  readonly jobs: Jobs;
  readonly deliveries: Pick<Deliveries, 'states' | 'test' | 'setSecret'>;
  readonly limits: () => ShownLimits;
  readonly addPrices: AddPrices;
  readonly tariff: () => Tariff;
  readonly sampleNow: () => void;
  /** ends this recorder, if it gives its folder to a service */
  readonly handOver: () => Result<undefined>;
  /** whether the source reports Xid errors; if not, their absence means nothing */
  readonly hearsXids?: boolean;
};

/** The collector's side of the table of questions. A question that does not fit its schema is answered with an error. */
export function createAnswers(sources: AnswerSources) {
  const {
    store,
    wear,
    governor,
    recording,
    makeReport,
    jobs,
    deliveries,
    limits,
    addPrices,
    tariff,
    sampleNow,
    handOver,
    hearsXids = false,
  } = sources;
  const act = (action: AlertAction): Result<undefined> =>
    recording.act(action) ? ok(undefined) : err('not-found', text('recorder.noSuchAlert'));
  const cardPage = createCardPages(store, wear, hearsXids);
  const answers: Answers = {
    'gpus.list': () => ok(store.gpus.list()),
    'history.extent': () => ok(store.extent() ?? null),
    'history.range': (query) => {
      const range = store.range(query);
      return range ? ok(range) : err('not-found', text('recorder.noSuchGpu'));
    },
    'history.marks': ({ fromMs, toMs }) =>
      ok({
        alerts: store.alerts.between(fromMs, toMs),
        xids: store.xids.between(fromMs, toMs),
        sessions: store.sessions.between(fromMs, toMs),
        gaps: store.gaps(fromMs, toMs),
        events: store.events.between(fromMs, toMs),
      }),
    'history.totals': ({ gpuUuid, fromMs, toMs }) => ok(store.totals(gpuUuid, fromMs, toMs) ?? null),
    'history.storage': (rule) =>
      ok({
        storage: store.storage(),
        preview: store.retentionPreview(rule, store.extent()?.toMs ?? 0),
        limits: limits(),
      }),
    'jobs.begin': (request) => jobs.begin(request),
    'jobs.cancel': ({ id }) => ok(jobs.cancel(id)),
    'jobs.list': () => ok(jobs.list()),
    'wear.exposure': ({ gpuUuid }) => ok(wear.exposureOf(gpuUuid) ?? null),
    'wear.card': ({ gpuUuid }) => ok(cardPage(gpuUuid) ?? null),
    'wear.mark': ({ gpuUuid, mark }) => {
      const ledger = wear.ledgerOf(gpuUuid);
      if (!ledger) return err('not-found', text('recorder.noSuchGpu'));
      ledger.append([{ mark }]);
      return ok(undefined);
    },
    'alerts.newest': ({ limit }) => ok(store.alerts.newest(limit)),
    'alerts.acknowledge': (name) => act({ ...name, kind: 'acknowledged' }),
    'alerts.snooze': ({ forMs, ...name }) => act({ ...name, kind: 'snoozed', untilMs: recording.lastTickMs() + forMs }),
    'alerts.preview': async ({ rule: id, settings }) => {
      const rule = ruleWith(alertRuleOf(id), settings);
      const nowMs = recording.lastTickMs();
      return ok(
        isBudget(rule)
          ? await previewBudget(store, rule, tariff(), nowMs)
          : await previewRule(store, rule, rulesOn(settings), nowMs),
      );
    },
    'notify.states': () => ok([...deliveries.states()]),
    'notify.test': ({ channel }) => deliveries.test(channel),
    'notify.setSecret': ({ channel, name, value }) => deliveries.setSecret(channel, name, value),
    'xids.newest': ({ limit }) => ok(store.xids.newest(limit)),
    'incidents.newest': ({ limit }) => ok(store.events.incidents(limit)),
    'sessions.newest': ({ limit }) => ok(store.sessions.newest(limit)),
    'models.idle': () => {
      const [fromMs, toMs] = newestWeek(store.extent());
      return ok(toMs > fromMs ? { fromMs, toMs, models: store.idleModels(fromMs, toMs) } : null);
    },
    'governor.status': () => ok(governor.status()),
    'governor.tryLimit': ({ gpuUuid, limitW }) => governor.tryLimit(gpuUuid, limitW),
    'governor.confirmLimit': ({ gpuUuid }) =>
      governor.confirmLimit(gpuUuid) ? ok(undefined) : err('not-found', text('recorder.nothingToConfirm')),
    'governor.restoreLimit': ({ gpuUuid }) => governor.restoreLimit(gpuUuid),
    'prices.add': addPrices,
    'report.preview': (request) => makeReport({ ...request, format: 'html' }),
    'report.make': makeReport,
    'recorder.handOver': handOver,
    'sample.take'() {
      sampleNow();
      return ok(undefined);
    },
  };

  return async (channel: ChannelOf<'collector'>, payload: unknown): Promise<Result<unknown>> => {
    const request = checkRequest(channel, payload);
    if (!request.ok) return request;
    const answer = answers[channel] as (request: unknown) => Result<unknown> | Promise<Result<unknown>>;
    return await answer(request.value);
  };
}
