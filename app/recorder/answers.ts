import { text } from '../core/i18n.ts';
import type { ShownLimits } from '../history/retention/grace.ts';
import type { Store } from './store.ts';
import type { Jobs } from '../jobs/jobs.ts';
import type { ReportRequest } from '../report/report.ts';
import { err, ok, type Result } from '../core/result.ts';
import { createCardPages } from '../health/card-page.ts';
import type { WearTracker } from '../wear/tracker.ts';
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

/**
 * The collector's side of the table of questions. A question that does not fit its schema is answered with an error.
 * @param hearsXids whether the source reports Xid errors; if not, their absence means nothing
 */
export function createAnswers(
  store: Store,
  wear: WearTracker,
  governor: GovernorAnswers,
  makeReport: MakeReport,
  jobs: Jobs,
  limits: () => ShownLimits,
  addPrices: AddPrices,
  hearsXids = false,
) {
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
    'xids.newest': ({ limit }) => ok(store.xids.newest(limit)),
    'incidents.newest': ({ limit }) => ok(store.events.incidents(limit)),
    'sessions.newest': ({ limit }) => ok(store.sessions.newest(limit)),
    'governor.status': () => ok(governor.status()),
    'governor.tryLimit': ({ gpuUuid, limitW }) => governor.tryLimit(gpuUuid, limitW),
    'governor.confirmLimit': ({ gpuUuid }) =>
      governor.confirmLimit(gpuUuid) ? ok(undefined) : err('not-found', text('recorder.nothingToConfirm')),
    'governor.restoreLimit': ({ gpuUuid }) => governor.restoreLimit(gpuUuid),
    'prices.add': addPrices,
    'report.make': makeReport,
  };

  return async (channel: ChannelOf<'collector'>, payload: unknown): Promise<Result<unknown>> => {
    const request = checkRequest(channel, payload);
    if (!request.ok) return request;
    const answer = answers[channel] as (request: unknown) => Result<unknown> | Promise<Result<unknown>>;
    return await answer(request.value);
  };
}
