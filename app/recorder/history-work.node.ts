import type { AddPrices, createAnswers, GovernorAnswers, MakeReport } from './answers.ts';
import type { Deliveries } from '../alerts/channels/deliveries.ts';
import { createSlowFacts, type SlowFacts } from '../alerts/slow-facts.ts';
import type { AlertSettings } from '../alerts/settings.ts';
import type { Tariff } from '../workload/energy/tariff.ts';
import { cleaningOf } from '../wear/ledger/ledger.ts';
import type { OwnCostMeter } from './own-cost.node.ts';
import type { Db } from '../history/db.ts';
import type { Result } from '../core/result.ts';
import type { ShownLimits } from '../history/retention/grace.ts';
import { watchPresence, type Loss } from '../history/file/presence.node.ts';
import { createStore, type Store } from './store.ts';
import type { Jobs } from '../jobs/jobs.ts';
import { createRecording, type Recording, type RecordingEvents } from './tick-pipeline.node.ts';
import type { GapReason, Tick } from '../telemetry/sampler.ts';
import type { SourceFault } from '../telemetry/source.ts';
import type { LedgerStore } from '../wear/ledger/ledger-store.node.ts';
import { createWearTracker, type ReplayElsewhere, type WearTracker } from '../wear/tracker.ts';
import type { ProgramStatuses } from '../workload/adapters/program-status.ts';
import type { ProgramRule } from '../workload/programs/schema.ts';
import { endOrphans } from '../workload/sessions/orphans.node.ts';
import { createWorkloadWatch, type WorkloadWatch } from '../workload/sessions/watch.node.ts';

export type WorkOptions = {
  readonly db: Db;
  readonly databaseFile: string;
  readonly ledgers: LedgerStore;
  readonly replayElsewhere: ReplayElsewhere;
  readonly statuses: ProgramStatuses;
  readonly rules: readonly ProgramRule[];
  readonly governor: { readonly feed: (tick: Tick) => void } & GovernorAnswers;
  readonly meter: Pick<OwnCostMeter, 'tick'>;
  readonly makeReport: MakeReport;
  readonly jobs: Jobs;
  readonly events: RecordingEvents & { readonly onSessions: () => void };
  readonly alertSettings: AlertSettings;
  readonly deliveries: Deliveries;
  readonly diskFreeMib: () => number | undefined;
  readonly tariff: () => Tariff;
  readonly paused: () => SourceFault | undefined;
  readonly limits: () => ShownLimits;
  readonly addPrices: AddPrices;
  readonly sampleNow: () => void;
  readonly handOver: () => Result<undefined>;
  readonly resumed: { readonly reason: GapReason; readonly fromMs?: number | undefined };
  readonly live: boolean;
  readonly simulated: boolean;
  readonly hearsXids: boolean;
  readonly intervalMs: () => number;
  readonly nowMs: number;
};

/** Everything that holds on to one opened history: it is replaced as a whole when the file is another one. */
export type HistoryWork = {
  readonly store: Store;
  readonly wear: WearTracker;
  readonly watch: WorkloadWatch;
  readonly recording: Recording;
  readonly slowFacts: SlowFacts;
  readonly answer: ReturnType<typeof createAnswers>;
  /** what happened to the file since it was opened */
  readonly loss: () => Loss | undefined;
  /**
   * Ends the work and closes the file. A file that was moved is complete afterwards, and no write-ahead log of ours stays
   * beside one that took its name: SQLite would apply it to that file.
   */
  readonly close: () => void;
};

/** Each step is tried although one before it failed: the disk may be what is wrong. */
function attempt(step: () => void): void {
  try {
    step();
  } catch {
    // a state that could not be saved is computed again from the samples; an open session is ended at the next look
  }
}

export function beginWork(options: WorkOptions): HistoryWork {
  const { db, databaseFile, governor, meter, events, resumed, live, intervalMs, nowMs } = options;
  const { makeReport, jobs, deliveries, limits, addPrices, sampleNow, handOver, hearsXids } = options;
  const presence = watchPresence(databaseFile);
  const store = createStore(db);
  let closed = false;
  // what a killed recorder left open ends with its last tick, not with the first of this one
  attempt(() => endOrphans(store, store.lastTickMs() ?? -Infinity));
  const wear = createWearTracker(store, options.ledgers, async (gpuId, onProgress) => {
    const replayed = await options.replayElsewhere(gpuId, onProgress);
    return closed ? undefined : replayed; // of a file that is not open any more
  });
  const { statuses, rules } = options;
  const watch = createWorkloadWatch({ store, statuses, rules, onSessions: events.onSessions });
  const slowFacts = createSlowFacts({
    history: store,
    tariff: options.tariff,
    windowsOf(uuid) {
      const ledger = wear.lifeOf(uuid)?.ledger;
      const cleaned = ledger && cleaningOf(ledger);
      return { windows: [...(ledger?.windows.values() ?? [])], ...(cleaned && { sinceMs: cleaned.tsMs }) };
    },
  });
  attempt(() => deliveries.attach(store.messages)); // a disk that fails keeps no alert from being sent
  const { alertSettings, diskFreeMib } = options;
  const recording = createRecording({
    store,
    slowFacts,
    alertSettings,
    announcer: deliveries,
    diskFreeMib,
    databaseFile,
    wear,
    watch,
    governor,
    meter,
    events,
    paused: options.paused,
    resumed,
    live,
    simulated: options.simulated,
    intervalMs,
    nowMs,
  });

  /** Loaded with the first question: a recorder without questions keeps neither the table of questions nor its schemas. */
  const sources = {
    store,
    wear,
    governor,
    recording,
    makeReport,
    jobs,
    deliveries,
    limits,
    addPrices,
    tariff: options.tariff,
    sampleNow,
    handOver,
    hearsXids,
  };
  let answers: Promise<HistoryWork['answer']> | undefined;
  const answer: HistoryWork['answer'] = async (channel, payload) => {
    answers ??= import('./answers.ts').then(({ createAnswers }) => createAnswers(sources));
    return (await answers)(channel, payload);
  };

  return {
    store,
    wear,
    watch,
    recording,
    slowFacts,
    answer,
    loss: presence.look,
    close() {
      recording.close();
      attempt(() => watch.stop());
      attempt(wear.save); // on a disk that fails the state is built again from the samples
      if (presence.look()) {
        attempt(() => db.pragma('wal_checkpoint(TRUNCATE)')); // by their handles: both files are still there for us
        attempt(presence.removeLogs);
      }
      closed = true;
      store.close();
    },
  };
}
