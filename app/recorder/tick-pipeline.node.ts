import { text } from '../core/i18n.ts';
import { createAlertDesk, type AlertAction } from '../alerts/desk.ts';
import type { AlertSettings } from '../alerts/settings.ts';
import type { Announcer, Posted } from '../alerts/outbox.ts';
import type { SlowFacts } from '../alerts/slow-facts.ts';
import type { OwnCostMeter } from './own-cost.node.ts';
import { markDamaged } from '../history/file/database.node.ts';
import { explain, isCorruption } from '../history/file/explain.ts';
import { createLogFlush } from '../history/file/log-flush.node.ts';
import { isWorking } from '../history/last-readings.ts';
import type { StoredGpu } from '../history/schema.ts';
import { err, ok, type AppError, type Result } from '../core/result.ts';
import type { StoredAlert } from '../alerts/schema.ts';
import type { Store } from './store.ts';
import { createClockHold, EARLIEST_MS } from '../telemetry/clock-hold.ts';
import type { GapReason, Tick } from '../telemetry/sampler.ts';
import type { GpuSample, SourceFault } from '../telemetry/source.ts';
import type { WearTracker } from '../wear/tracker.ts';
import type { WorkloadWatch } from '../workload/sessions/watch.node.ts';

export type RecordingEvents = {
  /** after the tick was written, fed to the wear model and judged */
  readonly onTick: (tick: Tick) => void;
  /** after alerts changed: what fires now, what to send a message about, and what is over */
  readonly onAlerts: (
    firing: readonly StoredAlert[],
    told: readonly StoredAlert[],
    cleared: readonly StoredAlert[],
  ) => void;
  /** the history was found damaged while recording: the next start sets it aside */
  readonly onDamaged?: () => void;
};

export type RecordingOptions = {
  readonly store: Store;
  readonly databaseFile: string;
  readonly wear: Pick<WearTracker, 'feed'>;
  readonly watch: Pick<WorkloadWatch, 'feed'>;
  readonly governor: { readonly feed: (tick: Tick) => void };
  readonly meter: Pick<OwnCostMeter, 'tick'>;
  readonly events: RecordingEvents;
  readonly alertSettings: AlertSettings;
  /** sends messages about alerts; undefined: nothing does */
  readonly announcer?: Announcer;
  readonly slowFacts: Pick<SlowFacts, 'card' | 'today'>;
  /** free space on the disk of the history; undefined: not known */
  readonly diskFreeMib: () => number | undefined;
  /** why nothing may be written now; undefined: it may */
  readonly paused: () => SourceFault | undefined;
  /** why the time before the first tick is a gap, and from when on where the history itself is empty */
  readonly resumed: { readonly reason: GapReason; readonly fromMs?: number | undefined };
  /** the stamps are this machine's, which has a clock that may be wrong; false for a recording that is played */
  readonly live: boolean;
  /** cards are simulated: which ones is chosen at each start, so that none is missing */
  readonly simulated?: boolean;
  readonly intervalMs: () => number;
  readonly nowMs: number;
};

export type Recording = {
  /** Takes a tick on its way: write, judge, show. */
  readonly take: (tick: Tick) => void;
  /** Housekeeping: when the disk fails, the next tick says so; the task is tried again at its next turn. */
  readonly guarded: (task: () => void) => void;
  readonly firing: () => readonly StoredAlert[];
  readonly applyAlertSettings: (settings: AlertSettings) => void;
  /** What a person does about an alert; false: no such alert fires. */
  readonly act: (action: AlertAction) => boolean;
  /** stamp of the newest tick, or of the history's end before the first */
  readonly lastTickMs: () => number;
  /** From now on nothing is written, and every tick says why. */
  readonly pause: (why: AppError) => void;
  /** Writes what may still be written. Answers what could not be, as an error. */
  readonly end: () => Result<undefined>;
  /** Releases the history's files, before they are closed. */
  readonly close: () => void;
};

/** After a card has worked, its last samples are flushed for so long. */
const FLUSHED_MS = 5_000;

/** Recording is paused, in words. It resumes when the cause is gone. */
const pausedBy = ({ message, next }: Pick<AppError, 'message' | 'next'>): SourceFault => ({
  code: 'recording-failed',
  message: text('recorder.paused', { reason: message }),
  next: `${next ?? ''} ${text('recorder.pausedNext')}`.trim(),
});

/** Cards are noted in the history once a minute. */
const NOTED_MS = 120_000;

/** The cards of the last tick that was recorded. One that is not there any more is missing. */
function cardsAtEnd({ gpus, lastTickMs }: Pick<Store, 'gpus' | 'lastTickMs'>): readonly StoredGpu[] {
  const endMs = lastTickMs() ?? 0;
  return gpus
    .list()
    .filter(({ uuid, lastSeenMs }) => !uuid.startsWith('PCI-') && endMs - lastSeenMs < NOTED_MS && lastSeenMs <= endMs);
}

/**
 * Takes each tick through its steps: write, feed the wear model and the workload watch, judge, show. Alerts are written
 * before they are shown, but a failing disk never suppresses one. The time since the last written tick is a gap with its
 * reason: not running, restarted, not writable. Ticks with an implausible time wait (clock-hold.ts).
 */
export function createRecording(options: RecordingOptions): Recording {
  const { store, databaseFile, wear, watch, governor, meter, events } = options;
  const { alertSettings, slowFacts, diskFreeMib } = options;
  const cards = options.live && !options.simulated ? cardsAtEnd(store) : [];
  const desk = createAlertDesk(store.alerts, alertSettings, options.nowMs, options.announcer, cards);

  let writeFault: SourceFault | undefined;
  let paused: SourceFault | undefined;
  const faultOf = (thrown: unknown): SourceFault => pausedBy(explain(databaseFile, thrown).error);

  const extent = store.extent();
  const endMs = extent && extent.toMs - 1;
  const { fromMs: resumedMs = -Infinity } = options.resumed;
  let resumeGap = endMs ?? (resumedMs >= EARLIEST_MS ? resumedMs : undefined);
  const hold = options.live ? createClockHold(endMs) : undefined;

  /** A GPU that has slept since the start reports only its slot: it is the one last seen in that slot. */
  function recognise(sample: GpuSample): GpuSample {
    const { uuid, pciBusId } = sample.gpu;
    if (!uuid.startsWith('PCI-')) return sample;
    const known = store.gpus.list().find((gpu) => gpu.pciBusId === pciBusId && !gpu.uuid.startsWith('PCI-'));
    return known ? { ...sample, gpu: { ...sample.gpu, uuid: known.uuid, name: known.name } } : sample;
  }

  let storedMs = resumeGap; // stamp of the last tick on disk
  let lostSinceMs: number | undefined;
  const log = createLogFlush(databaseFile);
  let workedMs = -Infinity; // on the axis of ticks
  let lastTickMs = resumeGap ?? options.nowMs;

  /** While a card works, a power cut may come: then samples must not wait in memory. */
  function flush({ axisMs: atMs, gpus }: Tick): void {
    if (atMs === undefined) return;
    if (gpus.some(({ frame }) => isWorking(frame))) workedMs = atMs;
    if (atMs - workedMs <= FLUSHED_MS) log.flush(atMs);
  }

  /** Writes a tick. Answers it as it was written, or as it would have been. */
  function write(taken: Tick): Tick {
    let tick = taken;
    lastTickMs = tick.tsMs;
    if (resumeGap !== undefined) {
      const fromMs = resumeGap;
      resumeGap = undefined;
      if (tick.tsMs > fromMs) tick = { ...tick, gap: { fromMs, toMs: tick.tsMs, reason: options.resumed.reason } };
    }
    if (lostSinceMs !== undefined) {
      // nothing is added up across what was not written
      const fromMs = Math.min(lostSinceMs, tick.tsMs);
      tick = { ...tick, dtMs: undefined, gap: { fromMs, toMs: tick.tsMs, reason: 'not-writable' } };
    }
    const why = paused ?? options.paused();
    if (why) {
      lostSinceMs ??= storedMs ?? tick.tsMs;
      writeFault = why;
      return tick;
    }
    try {
      const stored = store.append(tick);
      lostSinceMs = undefined;
      storedMs = tick.tsMs;
      if (options.live) flush(tick);
      wear.feed(tick, stored);
      watch.feed(tick, stored);
      writeFault = undefined;
    } catch (thrown) {
      if (storedMs !== tick.tsMs) lostSinceMs ??= storedMs ?? tick.tsMs;
      writeFault = faultOf(thrown);
      if (isCorruption(thrown)) {
        markDamaged(databaseFile);
        events.onDamaged?.();
      }
    }
    return tick;
  }

  function onTick(read: Tick): void {
    const sampled = paused ? read : { ...read, gpus: read.gpus.map(recognise) };
    const { ready, waiting } = hold?.take(sampled) ?? { ready: [sampled], waiting: undefined };
    let tick = sampled;
    for (const one of ready) tick = write(one);
    if (waiting && paused) writeFault = paused;
    const fault = writeFault ?? waiting;
    const observed = tick.dtMs === sampled.dtMs ? tick : { ...tick, dtMs: sampled.dtMs }; // though not written
    if (ready.length > 1 && hold) desk.restamp(hold.stampOf);
    judge(observed, waiting !== undefined, fault?.code === 'recording-failed');
    governor.feed(observed);
    meter.tick(tick, fault?.code !== 'recording-failed', options.intervalMs());
    events.onTick(fault ? { ...tick, fault } : tick);
  }

  /** Alerts are shown even if the disk fails. */
  function judge(tick: Tick, unstamped: boolean, recordingPaused: boolean): void {
    const diskMib = options.live ? diskFreeMib() : undefined;
    const machine = { recordingPaused, clockImplausible: unstamped, diskFreeMib: diskMib, ...slowFacts.today() };
    show(desk.judge(tick, { machine, card: slowFacts.card }, unstamped, writeFault === undefined && !unstamped));
  }

  function show(posted: Posted | undefined): void {
    if (!posted) return;
    if ('thrown' in posted) writeFault = faultOf(posted.thrown);
    events.onAlerts(posted.firing, posted.told, posted.cleared);
  }

  return {
    take: onTick,
    guarded(task) {
      if (paused) return;
      try {
        task();
      } catch (thrown) {
        writeFault = faultOf(thrown);
      }
    },
    firing: desk.firing,
    applyAlertSettings: desk.applySettings,
    act(action) {
      const posted = desk.act(action, lastTickMs, writeFault === undefined);
      show(posted);
      return posted !== undefined;
    },
    lastTickMs: () => lastTickMs,
    close: log.close,
    pause: (why) => (paused = pausedBy(why)),
    end() {
      const { ready, lost } = hold?.end() ?? { ready: [], lost: 0 };
      for (const tick of ready) write(tick);
      const fault = paused ?? (lostSinceMs === undefined ? undefined : writeFault);
      if (fault) return err('write-failed', fault.message, text('recorder.newestLost'));
      return lost === 0
        ? ok(undefined)
        : err('write-failed', text('recorder.clockNeverSet', { count: lost }), text('recorder.clockNeverSetNext'));
    },
  };
}
