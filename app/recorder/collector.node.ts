import fs from 'node:fs';
import { systemClock } from '../core/clock.node.ts';
import type { MakeReport } from './answers.ts';
import type { OwnCost } from '../core/own-cost.ts';
import { createOwnCostMeter } from './own-cost.node.ts';
import type { ChannelOf } from '../contract/channels.ts';
import type { CollectorConfig } from './collector-messages.ts';
import { isOutdated, openDatabase, type OpenedDatabase } from '../history/file/database.node.ts';
import { openLog } from '../core/log.node.ts';
import { logLastWords } from './last-words.node.ts';
import { diedRecorder, isAlive, removeRecorder, writeRecorder } from '../core/recorder-note.node.ts';
import type { ShownLimits } from '../history/retention/grace.ts';
import { watchDiskRoom } from '../history/file/disk-room.node.ts';
import { limitsOf, type LimitField } from '../history/retention/limits.ts';
import { isBeingReplaced } from '../history/file/replacement.node.ts';
import { openRetentionPlan, removePlan } from '../history/retention/retention-plan.node.ts';
import { createMemoryTrim } from './memory.node.ts';
import { createJobs } from '../jobs/jobs.node.ts';
import type { JobState } from '../jobs/jobs.ts';
import { startJob } from '../jobs/run-job.node.ts';
import { createFileKeeper, type Notice } from './file-keeper.node.ts';
import { lockFolder } from './folder-lock.node.ts';
import { beginWork, type HistoryWork, type WorkOptions } from './history-work.node.ts';
import { watchSampleRequests } from './sample-request.node.ts';
import type { RecordingEvents } from './tick-pipeline.node.ts';
import { runReportJob } from '../report/job.node.ts';
import type { ReportRequest } from '../report/report.ts';
import { createReports } from '../report/reports.ts';
import type { ReportJob } from '../report/worker.node.ts';
import { err, ok, type Result } from '../core/result.ts';
import { historyFile, ledgerFolder } from '../core/folders.node.ts';
import type { Settings } from '../settings/settings.ts';
import { openSource } from '../telemetry/open-source.node.ts';
import { startSampler } from '../telemetry/sampler.ts';
import { memoryLedgerStore, openLedgerStore } from '../wear/ledger/ledger-store.node.ts';
import { runReplayJob } from '../wear/replay-job.node.ts';
import { createPoller } from '../workload/adapters/poller.node.ts';
import { createGovernor } from '../governor/governor.node.ts';
import { createStressOfDay } from '../governor/stress-of-day.ts';
import type { GovernorEntry } from '../governor/policy.ts';
import { openLimitHelpers, recover } from '../governor/limit-helpers.node.ts';
import { readMeterNotes } from '../workload/meter/note.node.ts';

/** What a collector tells whoever runs it: the window's host, or the terminal. */
export type CollectorEvents = RecordingEvents & {
  readonly onSessions: () => void;
  /** the governor did something, or saw a limit passed */
  readonly onAction?: (action: GovernorEntry) => void;
  /** every few seconds: what recording costs */
  readonly onCost?: (cost: OwnCost) => void;
  /** something happened to the history's file, and recording continues */
  readonly onNotice?: (notice: Notice) => void;
  /** a long job began, went on or ended */
  readonly onJob?: (job: JobState) => void;
};

export type Collector = {
  readonly answer: (channel: ChannelOf<'collector'>, payload: unknown) => Promise<Result<unknown>>;
  readonly applySettings: (settings: Settings, suspended: readonly LimitField[]) => void;
  /** Takes a sample beside the interval, if the source can. */
  readonly sampleNow: () => void;
  /** the limits that the history keeps to, and what waits */
  readonly limits: () => ShownLimits;
  /** where a damaged history was moved to, when one was found */
  readonly setAside: string | undefined;
  readonly databaseFile: string;
  /** resolves when a recording was played to its end */
  readonly finished: Promise<void>;
  /** Ends recording. An error says what was sampled and is not in the history. */
  readonly stop: () => Promise<Result<undefined>>;
};

const SAVE_WEAR_MS = 60_000;
const HOUSEKEEP_MS = 5_000;
const HOUSEKEEP_BUSY_MS = 50; // a small part each time, so that no tick waits for it
const SESSION_POLL_MS = 2_000;
const COST_MS = 5_000;
const NOTE_MS = 60_000;
const LOOK_MS = 1_000;
const TRIM_MS = 60_000;

/**
 * The composition root: wires source, sampler, history, wear and alerts. The window's utility process and the headless
 * monitor run this same function. The order of a tick is write, judge, show: what a person was warned of is on disk.
 * @param threads the folder of the built thread scripts, ending in a slash
 */
export async function openCollector(
  config: CollectorConfig,
  events: CollectorEvents,
  threads: URL,
): Promise<Result<Collector>> {
  const clock = systemClock;
  let settings = config.settings;
  const lock = lockFolder(config.dataFolder);
  if (!lock.ok) return lock;
  const log = openLog(config.dataFolder, 'recorder'); // the lock makes this process its only writer
  const died = diedRecorder(config.dataFolder);
  if (died !== undefined) log.say(`The recorder before this one (process ${died}) crashed, was killed, or lost power.`);
  const forgetWords = logLastWords(log);
  const release = (): void => {
    forgetWords();
    lock.value.release();
  };

  const source = await openSource(config.source, {
    clock,
    settings,
    speed: config.speed,
    nvmlWorkerUrl: new URL('nvml-worker.js', threads),
  });
  if (!source.ok) {
    log.say(`Could not start: ${source.error.message}`);
    release();
    return source;
  }
  const { kind } = source.value.info();
  const databaseFile = historyFile(config.dataFolder, kind);
  if (kind === 'replay') removeReplayHistory(databaseFile);

  /** Opens the history, or begins one. In a thread where that takes a while: a supervisor must see this process live. */
  async function openFile(): Promise<Result<OpenedDatabase>> {
    let setAside: string | undefined;
    if (!isBeingReplaced(databaseFile) && isOutdated(databaseFile)) {
      const upgraded = await startJob(threads, { kind: 'upgrade', databaseFile }).result;
      if (!upgraded.ok) return upgraded;
      setAside = upgraded.value.setAside;
    }
    const opened = openDatabase(databaseFile);
    return opened.ok && setAside !== undefined ? ok({ ...opened.value, setAside }) : opened;
  }
  const opened = await openFile();
  if (!opened.ok) {
    log.say(`Could not start: ${opened.error.message}`);
    await source.value.close();
    release();
    return opened;
  }

  const recorder = { pid: process.pid, databaseFile, source: source.value.info().label };
  writeRecorder(config.dataFolder, recorder);
  log.say(`Recording from ${recorder.source}, process ${process.pid}.`);
  const diskRoom = watchDiskRoom(config.dataFolder);
  const ledgers = ledgerFolder(config.dataFolder, kind);
  const stopping = new AbortController();
  const governor = createGovernor({
    settings,
    openHelper: (onLost) => openLimitHelpers(config.dataFolder, onLost),
    programs: () => work.watch.programs(),
    progress: (key) => work.watch.progress(key),
    stressTodayHours: createStressOfDay((uuid) => work.wear.exposureOf(uuid)?.families.M1?.equivalentHours.mid),
    onAction(action) {
      log.say(`Governor: ${action.what}, ${action.why}${action.message === undefined ? '' : `: ${action.message}`}`);
      events.onAction?.(action);
    },
    wallMs: clock.wallMs,
    monoMs: clock.monoMs,
  });
  const meter = createOwnCostMeter();
  const jobs = createJobs(threads, databaseFile, (job) => events.onJob?.(job));
  async function exportCsv(target: string, { gpuUuid, fromMs, toMs }: ReportRequest): Promise<Result<string>> {
    const request = { format: 'csv', target, fromMs, toMs, metrics: [], gpuUuids: [gpuUuid] } as const;
    const written = await startJob(threads, { kind: 'export', databaseFile, request }).result;
    return written.ok ? ok(target) : written;
  }
  const report = createReports<ReportJob & { readonly format: 'html' | 'csv' }>(({ format, ...job }, signal) =>
    format === 'csv' && job.path !== undefined
      ? exportCsv(job.path, job.request)
      : runReportJob(new URL('report-worker.js', threads), job, signal),
  );
  const makeReport: MakeReport = (request) => {
    const { gpuUuid, fromMs, toMs, format, locale } = request;
    return report({
      databaseFile,
      request: { gpuUuid, fromMs, toMs },
      format,
      path: request.path,
      context: { source: source.value.info(), exposure: work.wear.exposureOf(gpuUuid), nowMs: clock.wallMs() },
      language: { locale, settings },
    });
  };
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
      events,
      paused: diskRoom.fault,
      limits: () => plan.shown(),
      resumed,
      live: kind !== 'replay',
      hearsXids: kind === 'nvml',
      intervalMs: () => settings.intervalMs,
      nowMs: clock.wallMs(),
    });
  let work = workOn(opened.value, { reason: config.restarted ? 'restarted' : 'not-running' });
  const given = limitsOf(settings, config.suspended);
  const plan = openRetentionPlan(databaseFile, given, work.store.extent() === undefined, clock.wallMs());

  const keeper = createFileKeeper({
    lock: lock.value,
    databaseFile,
    work: () => work,
    async reopen(resumed) {
      const again = await openFile();
      if (!again.ok) return again;
      work = workOn(again.value, resumed);
      writeRecorder(config.dataFolder, recorder);
      return ok(again.value.setAside);
    },
    onNotice(notice) {
      log.say(notice.message);
      events.onNotice?.(notice);
    },
    monoMs: clock.monoMs,
  });

  const timers = new Set<NodeJS.Timeout>();
  function every(ms: number, task: () => void): void {
    const timer = setInterval(() => work.recording.guarded(task), ms);
    timer.unref();
    timers.add(timer);
  }
  const trimMemory = createMemoryTrim();
  function housekeep(): void {
    let more = false;
    work.recording.guarded(() => {
      diskRoom.look();
      const nowMs = clock.wallMs();
      more = work.store.housekeep(plan.ruleAt(nowMs, work.store.believedMs(nowMs)), nowMs);
    });
    if (more) trimMemory();
    housekeeping = setTimeout(housekeep, more ? HOUSEKEEP_BUSY_MS : HOUSEKEEP_MS);
    housekeeping.unref();
  }

  /**
   * Sessions are written by `slowburn run`, perhaps in another process: a change is noticed in the table. One whose
   * process has died is ended here with what was recorded.
   */
  let sessionsSeen = '';
  function watchSessions(): void {
    const { store, recording } = work;
    for (const session of store.sessions.open()) {
      if (!isAlive(session.ownerPid)) store.finishSession(session, recording.lastTickMs(), null, new Set());
    }
    const seen = JSON.stringify(store.sessions.newest(1).map(({ id, endedMs }) => [id, endedMs]));
    if (sessionsSeen !== '' && seen !== sessionsSeen) events.onSessions();
    sessionsSeen = seen;
  }

  if ((await recover(config.dataFolder)) === 'limit-left') governor.foundLeft();
  const sampler = startSampler({
    source: source.value,
    onTick: (tick) => work.recording.take(tick),
    ...(kind !== 'replay' && { clock }),
  });
  if (work.recording.firing().length > 0) events.onAlerts(work.recording.firing(), []);
  const sampleNow = (): void => source.value.sampleNow?.();
  const unwatch = watchSampleRequests(config.dataFolder, sampleNow);
  const looking = setInterval(keeper.look, LOOK_MS);
  looking.unref();
  timers.add(looking);
  every(SAVE_WEAR_MS, () => work.wear.save());
  let housekeeping = setTimeout(housekeep, HOUSEKEEP_BUSY_MS);
  every(SESSION_POLL_MS, watchSessions);
  every(TRIM_MS, trimMemory); // what sealing left is garbage by then, and collected
  every(COST_MS, () => events.onCost?.(meter.read()));
  every(NOTE_MS, () => writeRecorder(config.dataFolder, { ...recorder, cost: meter.read() }));

  let stopped: Promise<Result<undefined>> | undefined;
  return ok({
    limits: plan.shown,
    async answer(channel, payload) {
      const pausedBy = keeper.pausedBy();
      try {
        return await work.answer(channel, payload);
      } catch (thrown) {
        if (!pausedBy) throw thrown;
        return err('not-ready', pausedBy.message, pausedBy.next); // the file is closed
      }
    },
    setAside: opened.value.setAside,
    databaseFile,
    sampleNow,
    finished: sampler.finished,
    applySettings(next, suspended) {
      settings = next;
      plan.follow(limitsOf(next, suspended), clock.wallMs());
      work.watch.setRules(next.programs);
      governor.applySettings(next);
      source.value.configure(next);
    },
    stop: () =>
      (stopped ??= (async () => {
        timers.forEach(clearInterval);
        unwatch();
        stopping.abort();
        clearTimeout(housekeeping);
        await sampler.stop();
        await governor.close();
        await jobs.cancelAll();
        const written = await keeper.end();
        removeRecorder(config.dataFolder);
        log.say(written.ok ? 'Recording ended.' : `Recording ended. ${written.error.message}`);
        release();
        return written;
      })()),
  });
}

/** A replay's history is a copy of a file that the person has: each replay begins a new one. */
function removeReplayHistory(file: string): void {
  for (const suffix of ['', '-wal', '-shm']) fs.rmSync(file + suffix, { force: true });
  removePlan(file);
}
