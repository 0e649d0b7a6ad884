import { createAlertEngine } from './alerts/engine.ts';
import { createAlertOutbox } from './alerts/outbox.ts';
import { alertRules } from './alerts/rules.ts';
import type { CostMeter } from './cost.node.ts';
import { explain, isCorruption, markDamaged } from './history/database.node.ts';
import type { StoredAlert } from './history/records.ts';
import type { Store } from './history/store.ts';
import type { Tick } from './telemetry/sampler.ts';
import type { GpuSample, SourceFault } from './telemetry/source.ts';
import type { WearTracker } from './wear/tracker.ts';
import type { WorkloadWatch } from './workload/watch.node.ts';

export type RecordingEvents = {
  /** after the tick was written, fed to the wear model and judged */
  readonly onTick: (tick: Tick) => void;
  /** after alerts fired or cleared: what is firing now, and what just began */
  readonly onAlerts: (firing: readonly StoredAlert[], fired: readonly StoredAlert[]) => void;
  /** the history was found damaged while recording: the next start sets it aside */
  readonly onDamaged?: () => void;
};

export type RecordingOptions = {
  readonly store: Store;
  readonly databaseFile: string;
  readonly wear: Pick<WearTracker, 'feed'>;
  readonly watch: Pick<WorkloadWatch, 'feed'>;
  readonly governor: { readonly feed: (tick: Tick) => void };
  readonly meter: Pick<CostMeter, 'tick'>;
  readonly events: RecordingEvents;
  /** why nothing may be written now; undefined: it may */
  readonly paused: () => SourceFault | undefined;
  /** the collector was started again after it had died */
  readonly restarted: boolean;
  readonly intervalMs: () => number;
  readonly nowMs: number;
};

export type Recording = {
  /** Takes a tick on its way: write, judge, show. */
  readonly take: (tick: Tick) => void;
  /** Housekeeping: when the disk fails, the next tick says so; the task is tried again at its next turn. */
  readonly guarded: (task: () => void) => void;
  readonly firing: () => readonly StoredAlert[];
  /** stamp of the newest tick, or of the history's end before the first */
  readonly lastTickMs: () => number;
};

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
 * The way of a tick: it is written, fed to the wear model and the watch over workloads, judged, and shown. What a person
 * was warned of is on disk, and a disk that fails keeps no warning back. The time since the last tick that was written is
 * a gap that says why: not running, restarted, not writable.
 */
export function createRecording(options: RecordingOptions): Recording {
  const { store, databaseFile, wear, watch, governor, meter, events } = options;
  const alerts = createAlertEngine(alertRules);
  const outbox = createAlertOutbox({ recordAlerts: store.recordAlerts, open: store.alerts.open });
  for (const { gpuUuid, rule, peak } of outbox.firing()) alerts.resume(gpuUuid, rule, peak);

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
  let lastTickMs = resumeGap ?? options.nowMs;
  function onTick(sampled: Tick): void {
    let tick = sampled;
    lastTickMs = tick.tsMs;
    if (resumeGap !== undefined) {
      const fromMs = resumeGap;
      resumeGap = undefined;
      const reason = options.restarted ? 'restarted' : 'not-running';
      if (tick.tsMs > fromMs) tick = { ...tick, gap: { fromMs, toMs: tick.tsMs, reason } };
    }
    tick = { ...tick, gpus: tick.gpus.map(recognise) };
    if (lostSinceMs !== undefined) {
      // nothing is added up across what was not written
      tick = { ...tick, dtMs: undefined, gap: { fromMs: lostSinceMs, toMs: tick.tsMs, reason: 'not-writable' } };
    }
    const paused = options.paused();
    if (paused) {
      lostSinceMs ??= storedMs ?? tick.tsMs;
      writeFault = paused;
    } else write(tick);
    const observed = tick.dtMs === sampled.dtMs ? tick : { ...tick, dtMs: sampled.dtMs }; // though not written
    judge(observed);
    governor.feed(observed);
    meter.tick(tick, writeFault === undefined, options.intervalMs());
    events.onTick(writeFault ? { ...tick, fault: writeFault } : tick);
  }

  function write(tick: Tick): void {
    try {
      const stored = store.append(tick);
      lostSinceMs = undefined;
      storedMs = tick.tsMs;
      wear.feed(tick, stored);
      watch.feed(tick, stored);
      writeFault = undefined;
    } catch (thrown) {
      if (storedMs !== tick.tsMs) lostSinceMs ??= storedMs ?? tick.tsMs;
      writeFault = recordingFault(databaseFile, thrown);
      if (isCorruption(thrown)) {
        markDamaged(databaseFile);
        events.onDamaged?.();
      }
    }
  }

  /** A hot card is told of, whatever the disk does. */
  function judge(tick: Tick): void {
    axisMs += tick.dtMs ?? 0;
    const entries = tick.gpus.flatMap(({ gpu, frame }) =>
      alerts
        .judge(gpu.uuid, frame, axisMs, tick.dtMs === undefined)
        .map((change) => ({ tsMs: tick.tsMs, gpuName: gpu.name, change })),
    );
    const posted = outbox.post(entries, writeFault === undefined);
    if (!posted) return;
    if ('thrown' in posted) writeFault = recordingFault(databaseFile, posted.thrown);
    events.onAlerts(posted.firing, posted.fired);
  }

  return {
    take: onTick,
    guarded(task) {
      try {
        task();
      } catch (thrown) {
        writeFault = recordingFault(databaseFile, thrown);
      }
    },
    firing: outbox.firing,
    lastTickMs: () => lastTickMs,
  };
}
