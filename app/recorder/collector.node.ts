import { rulesOn } from '../alerts/settings.ts';
import { systemClock } from '../core/clock.node.ts';
import type { AddPrices } from './answers.ts';
import { createOwnCostMeter } from './own-cost.node.ts';
import type { ChannelOf } from '../contract/channels.ts';
import type { CollectorConfig } from './collector-messages.ts';
import type { OpenedDatabase } from '../history/file/database.node.ts';
import { removeRecorder, writeRecorder } from '../core/recorder-note.node.ts';
import { createNoteKeeper } from './note-keeper.node.ts';
import { watchDiskRoom } from '../history/file/disk-room.node.ts';
import { limitsOf } from '../history/retention/limits.ts';
import { openRetentionPlan } from '../history/retention/retention-plan.node.ts';
import { openDeliveries } from './deliveries.node.ts';
import { watchDeviceRemoval } from './device-removal.node.ts';
import { startDuties } from './duties.node.ts';
import { createJobs } from '../jobs/jobs.node.ts';
import { text } from '../core/i18n.ts';
import { createFormatter } from '../metrics/format.ts';
import { createRunMark, thisBoot } from './run-mark.node.ts';
import { noteStops } from './unclean-end.ts';
import { createFileKeeper } from './file-keeper.node.ts';
import { beginWork, type HistoryWork, type WorkOptions } from './history-work.node.ts';
import { createSampleNow } from './sample-now.node.ts';
import { systemPlaces, userPlace } from './socket/places.node.ts';
import { openServer } from './socket/server.node.ts';
import { withClients } from './socket/tell-clients.ts';
import { version } from './socket/version.ts';
import { PROTOCOL } from './socket/wire.ts';
import { openHistory } from './open-history.node.ts';
import { openParts } from './open-parts.node.ts';
import type { Collector, CollectorEvents } from './collector.ts';
import { createReportMaker } from './report-maker.node.ts';
import { err, ok, type Result } from '../core/result.ts';
import { ledgerFolder } from '../core/folders.node.ts';
import { sourceKindOf } from '../telemetry/source-kinds.ts';
import { startSampler } from '../telemetry/sampler.ts';
import { memoryLedgerStore, openLedgerStore } from '../wear/ledger/ledger-store.node.ts';
import { runReplayJob } from '../wear/replay-job.node.ts';
import { createPoller } from '../workload/adapters/poller.node.ts';
import { createGovernor } from '../governor/governor.node.ts';
import { createStressOfDay } from '../governor/stress-of-day.ts';
import { openLimitHelpers, recover } from '../governor/limit-helpers.node.ts';
import { tariffOf } from '../workload/energy/tariff.ts';
import { importedText } from '../workload/prices/text.ts';
import { importPrices, watchPrices } from '../workload/prices/file.node.ts';
import { readMeterNotes } from '../workload/meter/note.node.ts';

/**
 * The composition root: wires source, sampler, history, wear and alerts. The window's utility process and the headless
 * monitor run this same function. The order of a tick is write, judge, show: what a person was warned of is on disk.
 * @param threads the folder of the built thread scripts, ending in a slash
 */
export async function openCollector(
  config: CollectorConfig,
  ownEvents: CollectorEvents,
  threads: URL,
): Promise<Result<Collector>> {
  const clock = systemClock;
  let settings = config.settings;
  const parts = await openParts(config, threads);
  if (!parts.ok) return parts;
  const { lock, log, release, source, scope, origin, databaseFile, opened } = parts.value;
  const { startedBy } = config;
  const live = origin !== 'replayed';

  const { label } = source.info();
  const fixed = { pid: process.pid, databaseFile, source: label, startedBy, sinceMs: clock.wallMs() };
  const place = userPlace(config.dataFolder);
  const server = await openServer({
    places: scope === 'system' ? systemPlaces() : place ? [place] : [],
    hello: {
      ...fixed,
      product: 'slowburn',
      protocol: PROTOCOL,
      version,
      scope,
      origin,
      dataFolder: config.dataFolder,
      ...(opened.setAside !== undefined && { setAside: opened.setAside }),
    },
    answer: (channel, payload) => answer(channel, payload),
    log: log.write,
  });
  const events = withClients(ownEvents, server.tell, clock.monoMs);
  const recorder = { ...fixed, ...(server.paths[0] !== undefined && { socket: server.paths[0] }) };
  writeRecorder(config.dataFolder, recorder);
  log.write(`Recording from ${label}, process ${process.pid}.`);
  const diskRoom = watchDiskRoom(config.dataFolder);
  const ledgers = ledgerFolder(config.dataFolder, origin);
  const stopping = new AbortController();
  const prices = watchPrices(config.dataFolder, () => {
    governor.applySettings(tariff());
    events.onPrices?.(prices.book());
  });
  const tariff = () => tariffOf(settings, prices.book());
  const governor = createGovernor({
    settings: tariff(),
    openHelper: (onLost) => openLimitHelpers(config.dataFolder, onLost),
    programs: () => work.watch.programs(),
    progress: (key) => work.watch.progress(key),
    stressTodayHours: createStressOfDay((uuid) => work.wear.exposureOf(uuid)?.families.M1?.equivalentHours?.mid),
    onAction(action) {
      log.write(`Governor: ${action.what}, ${action.why}${action.message === undefined ? '' : `: ${action.message}`}`);
      events.onAction?.(action);
    },
    wallMs: clock.wallMs,
    monoMs: clock.monoMs,
  });
  const meter = createOwnCostMeter();
  const note = createNoteKeeper({
    folder: config.dataFolder,
    fixed: recorder,
    intervalMs: () => settings.intervalMs,
    cost: meter.read,
    wallMs: clock.wallMs,
  });
  const deliveries = openDeliveries(config.dataFolder, origin, () => settings, {
    log: log.write,
    save: (task) => work.recording.guarded(task),
  });
  const endRemoval = watchDeviceRemoval(config.dataFolder, () => settings.alerts, log.write);
  const noted: CollectorEvents = {
    ...events,
    onTick(tick) {
      note.tick(tick);
      deliveries.onTick(tick, tick.fault?.code !== 'recording-failed');
      events.onTick(tick);
    },
    onAlerts(firing, told, cleared) {
      deliveries.onFiring(firing);
      events.onAlerts(firing, told, cleared);
    },
  };
  const jobs = createJobs(threads, databaseFile, (job) => events.onJob?.(job));
  const makeReport = createReportMaker({
    threads,
    databaseFile,
    context: (gpuUuid) => ({
      source: source.info(),
      exposure: work.wear.exposureOf(gpuUuid),
      nowMs: clock.wallMs(),
    }),
    settings: () => settings,
  });
  const formatter = (locale: string) => createFormatter(locale, settings);
  const addPrices: AddPrices = ({ path, series, zone, locale }) => {
    const options = { series: series ?? undefined, zone: zone ?? undefined, currency: settings.currency };
    const imported = importPrices(config.dataFolder, path, { ...options, nowMs: clock.wallMs() });
    if (!imported.ok) return imported;
    prices.look();
    return ok(importedText(text, formatter(locale), imported.value.prices));
  };
  const { ask: sampleNow, stop: noMoreSamples } = createSampleNow(() => source.sampleNow?.());
  const workOn = ({ db }: OpenedDatabase, resumed: WorkOptions['resumed']): HistoryWork =>
    beginWork({
      db,
      databaseFile,
      ledgers: ledgers === undefined ? memoryLedgerStore() : openLedgerStore(ledgers),
      replayElsewhere: (gpuId, onProgress) =>
        runReplayJob(new URL('wear-worker.js', threads), { databaseFile, gpuId }, onProgress, stopping.signal),
      statuses: createPoller({ wallMs: clock.wallMs, meters: () => readMeterNotes(config.dataFolder) }),
      rules: settings.programs,
      governor,
      meter,
      makeReport,
      jobs,
      events: noted,
      alertSettings: settings.alerts,
      deliveries,
      diskFreeMib: diskRoom.freeMib,
      tariff,
      paused: diskRoom.fault,
      addPrices,
      sampleNow,
      handOver: () =>
        events.onHandOver?.() ?? err('forbidden', text('recorder.keepsFolder'), text('recorder.keepsFolderNext')),
      limits: () => plan.shown(),
      resumed,
      live,
      simulated: origin === 'simulated',
      hearsXids: sourceKindOf(source.info().kind).reportsXids,
      intervalMs: () => settings.intervalMs,
      nowMs: clock.wallMs(),
    });
  let work = workOn(opened, { reason: config.restarted ? 'restarted' : 'not-running' });
  const runMark = createRunMark(config.dataFolder, databaseFile, origin);
  const stop = noteStops(work.store, runMark.left, thisBoot(), () =>
    formatter(Intl.DateTimeFormat().resolvedOptions().locale),
  );
  if (stop) {
    log.write(stop.message);
    events.onNotice?.(stop);
  }
  runMark.begin(clock.wallMs());
  const given = limitsOf(settings, config.suspended);
  const plan = openRetentionPlan(databaseFile, given, work.store.extent() === undefined, clock.wallMs());

  const keeper = createFileKeeper({
    lock,
    databaseFile,
    work: () => work,
    async reopen(resumed) {
      const again = await openHistory(databaseFile, threads);
      if (!again.ok) return again;
      work = workOn(again.value, resumed);
      note.write();
      return ok(again.value.setAside);
    },
    onNotice(notice) {
      log.write(notice.message);
      events.onNotice?.(notice);
    },
    monoMs: clock.monoMs,
  });

  if ((await recover(config.dataFolder)) === 'limit-left') governor.foundLeft();
  const duties = startDuties({
    work: () => work,
    keeper,
    plan,
    lookAtDisk: () => diskRoom.look(),
    events,
    wantsToday: () =>
      rulesOn(settings.alerts).some(({ watches }) => watches === 'energyTodayKwh' || watches === 'costToday'),
    cost: meter.read,
    note: note.write,
    wallMs: clock.wallMs,
    monoMs: clock.monoMs,
  });
  const sampler = startSampler({
    source,
    onTick(tick) {
      work.recording.take(tick);
      duties.ticked();
    },
    ...(live && { clock }),
  });
  events.onPrices?.(prices.book());
  if (work.recording.firing().length > 0) noted.onAlerts(work.recording.firing(), [], []);
  server.tell({ type: 'settings', settings });
  async function answer(channel: ChannelOf<'collector'>, payload: unknown): Promise<Result<unknown>> {
    const pausedBy = keeper.pausedBy();
    try {
      return await work.answer(channel, payload);
    } catch (thrown) {
      if (!pausedBy) throw thrown;
      return err('not-ready', pausedBy.message, pausedBy.next); // the file is closed
    }
  }

  let stopped: Promise<Result<undefined>> | undefined;
  return ok({
    limits: plan.shown,
    answer,
    setAside: opened.setAside,
    databaseFile,
    sampleNow,
    finished: sampler.finished,
    applySettings(next, suspended) {
      settings = next;
      server.tell({ type: 'settings', settings });
      plan.follow(limitsOf(next, suspended), clock.wallMs());
      work.watch.setRules(next.programs);
      work.recording.applyAlertSettings(next.alerts);
      deliveries.applySettings(next.alerts);
      governor.applySettings(tariff());
      source.configure(next);
    },
    stop: () =>
      (stopped ??= (async () => {
        await server.close();
        noMoreSamples();
        duties.end();
        stopping.abort();
        prices.close();
        await sampler.stop();
        await governor.close();
        await Promise.all([deliveries.close(), endRemoval()]);
        await jobs.cancelAll();
        const written = await keeper.end();
        runMark.end();
        removeRecorder(config.dataFolder);
        log.write(written.ok ? 'Recording ended.' : `Recording ended. ${written.error.message}`);
        release();
        return written;
      })()),
  });
}
