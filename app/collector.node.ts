import fs from 'node:fs';
import type { StoredAlert } from './history/records.ts';
import { createAlertEngine } from './alerts/engine.ts';
import { alertRules } from './alerts/rules.ts';
import { systemClock } from './clock.node.ts';
import { createAnswers } from './contract/answers.ts';
import type { ChannelOf } from './contract/channels.ts';
import type { CollectorConfig } from './contract/collector-messages.ts';
import { lockRecorder, openDatabase } from './history/database.node.ts';
import { removeRecorder, writeRecorder } from './history/recorder.node.ts';
import { createStore } from './history/store.ts';
import { runReportJob } from './report/job.node.ts';
import { messageOf, ok, type Result } from './result.ts';
import { historyFile } from './settings/folders.node.ts';
import type { Settings } from './settings/settings.ts';
import { openSource } from './telemetry/open-source.node.ts';
import { startSampler, type Tick } from './telemetry/sampler.ts';
import type { SourceFault } from './telemetry/source.ts';
import { createWearTracker } from './wear/tracker.ts';
import { createPoller } from './workload/adapters/poller.node.ts';
import { createGovernor } from './workload/governor/governor.node.ts';
import { createStressOfDay } from './workload/governor/stress-of-day.ts';
import { openTaps } from './workload/governor/taps.node.ts';
import { readMeterNotes } from './workload/meter/note.node.ts';
import { createWorkloadWatch } from './workload/watch.node.ts';

/** What a collector tells whoever runs it: the window's host, or the terminal. */
export type CollectorEvents = {
  /** after the tick was written, fed to the wear model and judged */
  readonly onTick: (tick: Tick) => void;
  /** after alerts fired or cleared: what is firing now, and what just began */
  readonly onAlerts: (firing: readonly StoredAlert[], fired: readonly StoredAlert[]) => void;
  readonly onSessions: () => void;
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
const PRUNE_MS = 10_000; // a batch each time: far more than is sampled meanwhile, and no tick waits for it
const SESSION_POLL_MS = 2_000;

const recordingFault = (thrown: unknown): SourceFault => ({
  code: 'recording-failed',
  message: `The history cannot be written: ${messageOf(thrown)}`,
  next: 'Free some space on the disk; recording goes on by itself.',
});

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
    intervalMs: settings.intervalMs,
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
  const opened = openDatabase(databaseFile);
  if (!opened.ok) {
    await source.value.close();
    release();
    return opened;
  }

  writeRecorder(config.dataFolder, { pid: process.pid, databaseFile });
  const store = createStore(opened.value.db);
  store.catchUp(clock.wallMs());
  const wear = createWearTracker(store);
  const watch = createWorkloadWatch({
    store,
    accounts: createPoller({ wallMs: clock.wallMs, meters: () => readMeterNotes(config.dataFolder) }),
    rules: settings.programs,
    onSessions: events.onSessions,
  });
  const governor = createGovernor({
    settings,
    openTap: (onUndone) => openTaps(config.dataFolder, onUndone),
    programs: watch.programs,
    progress: watch.progress,
    stressTodayHours: createStressOfDay((uuid) => wear.exposureOf(uuid)?.silicon?.equivalentHours.mid),
    onChange: () => undefined,
    wallMs: clock.wallMs,
    monoMs: clock.monoMs,
  });
  const alerts = createAlertEngine(alertRules);
  for (const { gpuUuid, rule, peak } of store.alerts.open()) alerts.resume(gpuUuid, rule, peak);

  const timers = new Set<NodeJS.Timeout>();
  /** Housekeeping: when the disk fails, the next tick says so; the task is tried again at its next turn. */
  function every(ms: number, task: () => void): void {
    const timer = setInterval(() => {
      try {
        task();
      } catch (thrown) {
        writeFault = recordingFault(thrown);
      }
    }, ms);
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
    try {
      const stored = store.append(tick);
      wear.feed(tick, stored);
      axisMs += tick.dtMs ?? 0;
      judge(tick, stored);
      watch.feed(tick, stored);
      governor.feed(tick);
      writeFault = undefined;
    } catch (thrown) {
      writeFault = recordingFault(thrown);
    }
    events.onTick(writeFault ? { ...tick, fault: writeFault } : tick);
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

  function prune(): void {
    store.prune(clock.wallMs() - settings.retentionDays * 86_400_000);
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

  const answer = createAnswers(store, wear, governor, (request) => {
    const { gpuUuid, fromMs, toMs, format, locale } = request;
    return runReportJob(new URL('report-worker.js', threads), {
      databaseFile,
      request: { gpuUuid, fromMs, toMs },
      format,
      path: request.path,
      context: { source: source.value.info(), exposure: wear.exposureOf(gpuUuid), nowMs: clock.wallMs() },
      language: { locale, settings },
    });
  });

  const sampler = startSampler({ source: source.value, onTick });
  if (store.alerts.open().length > 0) events.onAlerts(store.alerts.open(), []);
  every(SAVE_WEAR_MS, wear.save);
  every(PRUNE_MS, prune);
  every(SESSION_POLL_MS, watchSessions);

  let stopped: Promise<void> | undefined;
  return ok({
    answer,
    setAside: opened.value.setAside,
    databaseFile,
    finished: sampler.finished,
    applySettings(next) {
      settings = next;
      watch.setRules(next.programs);
      governor.applySettings(next);
      source.value.setInterval(next.intervalMs);
    },
    stop: () =>
      (stopped ??= (async () => {
        timers.forEach(clearInterval);
        await sampler.stop();
        await governor.close();
        watch.stop();
        wear.save();
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
