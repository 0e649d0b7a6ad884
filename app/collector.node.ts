import fs from 'node:fs';
import type { StoredAlert } from './history/records.ts';
import { createAlertEngine } from './alerts/engine.ts';
import { alertRules } from './alerts/rules.ts';
import { systemClock } from './clock.node.ts';
import { createAnswers, type MakeReport } from './contract/answers.ts';
import { createCostMeter, type Cost } from './cost.node.ts';
import type { ChannelOf } from './contract/channels.ts';
import type { CollectorConfig } from './contract/collector-messages.ts';
import { explain, isCorruption, isOutdated, lockRecorder, markDamaged, openDatabase } from './history/database.node.ts';
import { removeRecorder, writeRecorder } from './history/recorder.node.ts';
import { createStore } from './history/store.ts';
import { createJobs } from './jobs/jobs.node.ts';
import type { JobState } from './jobs/jobs.ts';
import { startJob } from './jobs/run-job.node.ts';
import { runReportJob } from './report/job.node.ts';
import { ok, type Result } from './result.ts';
import { historyFile, ledgerFolder } from './settings/folders.node.ts';
import type { Settings } from './settings/settings.ts';
import { openSource } from './telemetry/open-source.node.ts';
import { startSampler, type Tick } from './telemetry/sampler.ts';
import type { GpuSample, SourceFault } from './telemetry/source.ts';
import { memoryShelf, openShelf } from './wear/ledger-file.node.ts';
import { runReplayJob } from './wear/replay-job.node.ts';
import { createWearTracker } from './wear/tracker.ts';
import { createPoller } from './workload/adapters/poller.node.ts';
import { createGovernor } from './workload/governor/governor.node.ts';
import { createStressOfDay } from './workload/governor/stress-of-day.ts';
import type { GovernorEntry } from './workload/governor/policy.ts';
import { openTaps, recover } from './workload/governor/taps.node.ts';
import { readMeterNotes } from './workload/meter/note.node.ts';
import { createWorkloadWatch } from './workload/watch.node.ts';

/** What a collector tells whoever runs it: the window's host, or the terminal. */
export type CollectorEvents = {
  /** after the tick was written, fed to the wear model and judged */
  readonly onTick: (tick: Tick) => void;
  /** after alerts fired or cleared: what is firing now, and what just began */
  readonly onAlerts: (firing: readonly StoredAlert[], fired: readonly StoredAlert[]) => void;
  readonly onSessions: () => void;
  /** the governor did something, or saw a limit passed */
  readonly onDeed?: (deed: GovernorEntry) => void;
  /** every few seconds: what recording costs */
  readonly onCost?: (cost: Cost) => void;
  /** a long job began, went on or ended */
  readonly onJob?: (job: JobState) => void;
  /** the history was found damaged while recording: the next start sets it aside */
  readonly onDamaged?: () => void;
};

export type Collector = {
  readonly answer: (channel: ChannelOf<'collector'>, payload: unknown) => Promise<Result<unknown>>;
  readonly applySettings: (settings: Settings) => void;
  /** where a damaged history was moved to, when one was found */
  readonly setAside: string | undefined;
  readonly databaseFile: string;
  /** resolves when a recording was played to its end */
  readonly finished: Promise<void>;
  readonly stop: () => Promise<void>;
};

const SAVE_WEAR_MS = 60_000;
const HOUSEKEEP_MS = 5_000;
const HOUSEKEEP_BUSY_MS = 50; // a small part each time, so that no tick waits for it
const SESSION_POLL_MS = 2_000;
const COST_MS = 5_000;
const NOTE_MS = 60_000;

/** Recording is paused, in words. It goes on by itself when the cause has gone. */
function recordingFault(file: string, thrown: unknown): SourceFault {
  const { message, next } = explain(file, thrown).error;
  return {
    code: 'recording-failed',
    message: `Recording is paused. ${message}`,
    next: `${next ?? ''} Recording goes on by itself.`.trim(),
  };
}

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
  const lock = lockRecorder(config.dataFolder);
  if (!lock.ok) return lock;
  const release = lock.value;

  const source = await openSource(config.source, {
    clock,
    settings,
    speed: config.speed,
    nvmlWorkerUrl: new URL('nvml-worker.js', threads),
  });
  if (!source.ok) {
    release();
    return source;
  }
  const { kind } = source.value.info();
  const databaseFile = historyFile(config.dataFolder, kind);
  if (kind === 'replay') removeReplayHistory(databaseFile);
  let setAside: string | undefined;
  if (isOutdated(databaseFile)) {
    // in a thread: years of history take a while, and whoever supervises this process must see it live
    const upgraded = await startJob(threads, { kind: 'upgrade', databaseFile }).result;
    if (!upgraded.ok) {
      await source.value.close();
      release();
      return upgraded;
    }
    setAside = upgraded.value.setAside;
  }
  const opened = openDatabase(databaseFile);
  if (!opened.ok) {
    await source.value.close();
    release();
    return opened;
  }

  const recorder = { pid: process.pid, databaseFile, source: source.value.info().label };
  writeRecorder(config.dataFolder, recorder);
  const store = createStore(opened.value.db);
  const ledgers = ledgerFolder(config.dataFolder, kind);
  const stopping = new AbortController();
  const wear = createWearTracker(
    store,
    ledgers === undefined ? memoryShelf() : openShelf(ledgers),
    (gpuId, onProgress) =>
      runReplayJob(new URL('wear-worker.js', threads), { databaseFile, gpuId }, onProgress, stopping.signal),
  );
  const watch = createWorkloadWatch({
    store,
    accounts: createPoller({ wallMs: clock.wallMs, meters: () => readMeterNotes(config.dataFolder) }),
    rules: settings.programs,
    onSessions: events.onSessions,
  });
  const governor = createGovernor({
    settings,
    openTap: (onLost) => openTaps(config.dataFolder, onLost),
    programs: watch.programs,
    progress: watch.progress,
    stressTodayHours: createStressOfDay((uuid) => wear.exposureOf(uuid)?.families.M1?.equivalentHours.mid),
    onDeed: (deed) => events.onDeed?.(deed),
    wallMs: clock.wallMs,
    monoMs: clock.monoMs,
  });
  const alerts = createAlertEngine(alertRules);
  const meter = createCostMeter();
  for (const { gpuUuid, rule, peak } of store.alerts.open()) alerts.resume(gpuUuid, rule, peak);

  const timers = new Set<NodeJS.Timeout>();
  /** Housekeeping: when the disk fails, the next tick says so; the task is tried again at its next turn. */
  function guarded(task: () => void): void {
    try {
      task();
    } catch (thrown) {
      writeFault = recordingFault(databaseFile, thrown);
    }
  }
  function every(ms: number, task: () => void): void {
    const timer = setInterval(() => guarded(task), ms);
    timer.unref();
    timers.add(timer);
  }
  let writeFault: SourceFault | undefined;

  let axisMs = 0; // monotonic time of the alert engine: gaps do not count
  let resumeGap = endedAt();

  function endedAt(): number | undefined {
    const extent = store.extent();
    return extent && extent.toMs - 1;
  }

  /** A GPU that has slept since the start has told its slot alone: it is the one that was last seen there. */
  function recognise(sample: GpuSample): GpuSample {
    const { uuid, pciBusId } = sample.gpu;
    if (!uuid.startsWith('PCI-')) return sample;
    const known = store.gpus.list().find((gpu) => gpu.pciBusId === pciBusId && !gpu.uuid.startsWith('PCI-'));
    return known ? { ...sample, gpu: { ...sample.gpu, uuid: known.uuid, name: known.name } } : sample;
  }

  let storedMs = resumeGap; // stamp of the last tick on disk
  let lostSinceMs: number | undefined;
  let lastTickMs = resumeGap ?? clock.wallMs();
  function onTick(sampled: Tick): void {
    let tick = sampled;
    lastTickMs = tick.tsMs;
    if (resumeGap !== undefined) {
      const fromMs = resumeGap;
      resumeGap = undefined;
      const reason = config.restarted ? 'restarted' : 'not-running';
      if (tick.tsMs > fromMs) tick = { ...tick, gap: { fromMs, toMs: tick.tsMs, reason } };
    }
    tick = { ...tick, gpus: tick.gpus.map(recognise) };
    if (lostSinceMs !== undefined) {
      // nothing is added up across what was not written
      tick = { ...tick, dtMs: undefined, gap: { fromMs: lostSinceMs, toMs: tick.tsMs, reason: 'not-writable' } };
    }
    try {
      const stored = store.append(tick);
      lostSinceMs = undefined;
      storedMs = tick.tsMs;
      wear.feed(tick, stored);
      axisMs += tick.dtMs ?? 0;
      judge(tick, stored);
      watch.feed(tick, stored);
      governor.feed(tick);
      writeFault = undefined;
    } catch (thrown) {
      if (storedMs !== tick.tsMs) lostSinceMs ??= storedMs ?? tick.tsMs;
      writeFault = recordingFault(databaseFile, thrown);
      if (isCorruption(thrown)) {
        markDamaged(databaseFile);
        events.onDamaged?.();
      }
    }
    meter.tick(tick, writeFault === undefined, settings.intervalMs);
    events.onTick(writeFault ? { ...tick, fault: writeFault } : tick);
  }

  function housekeep(): void {
    let more = false;
    guarded(() => (more = store.housekeep(settings, clock.wallMs())));
    housekeeping = setTimeout(housekeep, more ? HOUSEKEEP_BUSY_MS : HOUSEKEEP_MS);
    housekeeping.unref();
  }

  function judge(tick: Tick, stored: readonly { readonly gpuId: number }[]): void {
    let firedCount = 0;
    let changed = false;
    tick.gpus.forEach(({ gpu, frame }, i) => {
      const changes = alerts.judge(gpu.uuid, frame, axisMs, tick.dtMs === undefined);
      if (changes.length === 0) return;
      store.recordAlerts(stored[i]!.gpuId, tick.tsMs, changes);
      changed = true;
      firedCount += changes.filter((change) => change.kind === 'fired').length;
    });
    if (changed) events.onAlerts(store.alerts.open(), store.alerts.newest(firedCount));
  }

  /**
   * Sessions are written by `slowburn run`, perhaps in another process: a change is noticed in the table. One whose
   * process has died is ended here with what was recorded.
   */
  let sessionsSeen = '';
  function watchSessions(): void {
    for (const session of store.sessions.open()) {
      if (!isAlive(session.ownerPid)) store.finishSession(session, lastTickMs, null, new Set());
    }
    const seen = JSON.stringify(store.sessions.newest(1).map(({ id, endedMs }) => [id, endedMs]));
    if (sessionsSeen !== '' && seen !== sessionsSeen) events.onSessions();
    sessionsSeen = seen;
  }

  const jobs = createJobs(threads, databaseFile, (job) => events.onJob?.(job));
  const makeReport: MakeReport = (request) => {
    const { gpuUuid, fromMs, toMs, format, locale } = request;
    return runReportJob(new URL('report-worker.js', threads), {
      databaseFile,
      request: { gpuUuid, fromMs, toMs },
      format,
      path: request.path,
      context: { source: source.value.info(), exposure: wear.exposureOf(gpuUuid), nowMs: clock.wallMs() },
      language: { locale, settings },
    });
  };
  const answer = createAnswers(store, wear, governor, makeReport, jobs, kind === 'nvml');

  if ((await recover(config.dataFolder)) === 'cap-left') governor.foundLeft();
  const sampler = startSampler({ source: source.value, onTick });
  if (store.alerts.open().length > 0) events.onAlerts(store.alerts.open(), []);
  every(SAVE_WEAR_MS, wear.save);
  let housekeeping = setTimeout(housekeep, HOUSEKEEP_BUSY_MS);
  every(SESSION_POLL_MS, watchSessions);
  every(COST_MS, () => events.onCost?.(meter.read()));
  every(NOTE_MS, () => writeRecorder(config.dataFolder, { ...recorder, cost: meter.read() }));

  let stopped: Promise<void> | undefined;
  return ok({
    answer,
    setAside: opened.value.setAside ?? setAside,
    databaseFile,
    finished: sampler.finished,
    applySettings(next) {
      settings = next;
      watch.setRules(next.programs);
      governor.applySettings(next);
      source.value.configure(next);
    },
    stop: () =>
      (stopped ??= (async () => {
        timers.forEach(clearInterval);
        stopping.abort();
        clearTimeout(housekeeping);
        await sampler.stop();
        await governor.close();
        watch.stop();
        await jobs.cancelAll();
        guarded(wear.save); // on a disk that fails the state is built again from the samples
        store.close();
        removeRecorder(config.dataFolder);
        release();
      })()),
  });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0); // asks only
    return true;
  } catch (thrown) {
    return (thrown as NodeJS.ErrnoException).code === 'EPERM'; // alive, but another user's
  }
}

/** A replay's history is a copy of a file that the person has: each replay begins a new one. */
function removeReplayHistory(file: string): void {
  for (const suffix of ['', '-wal', '-shm']) fs.rmSync(file + suffix, { force: true });
}
