import type { createFileKeeper } from './file-keeper.node.ts';
import type { HistoryWork } from './history-work.node.ts';
import { createMemoryTrim } from './memory.node.ts';
import { createTickTasks } from './tick-tasks.node.ts';
import type { OwnCost } from '../core/own-cost.ts';
import type { openRetentionPlan } from '../history/retention/retention-plan.node.ts';
import { endOrphans } from '../workload/sessions/orphans.node.ts';

const SAVE_WEAR_MS = 60_000;
const HOUSEKEEP_MS = 5_000;
const HOUSEKEEP_BUSY_MS = 50; // a small part each time, so that no tick waits for it
const SESSION_POLL_MS = 2_000;
const COST_MS = 5_000;
const NOTE_MS = 60_000;
const LOOK_MS = 1_000;
const TRIM_MS = 60_000;

export type DutyOptions = {
  /** the work on the history that is open now */
  readonly work: () => HistoryWork;
  readonly keeper: Pick<ReturnType<typeof createFileKeeper>, 'look'>;
  readonly plan: Pick<ReturnType<typeof openRetentionPlan>, 'ruleAt'>;
  readonly lookAtDisk: () => void;
  readonly events: { readonly onSessions: () => void; readonly onCost?: (cost: OwnCost) => void };
  /** whether an alert rule watches the energy of the day */
  readonly wantsToday: () => boolean;
  readonly cost: () => OwnCost;
  /** writes the note by which other programs find this recorder */
  readonly note: () => void;
  readonly wallMs: () => number;
  readonly monoMs: () => number;
};

export type Duties = { /** A tick was taken. */ readonly ticked: () => void; readonly end: () => void };

/**
 * Starts what a recorder does between ticks: housekeeping of the history, saving wear, noticing sessions of other
 * processes, looking after its files.
 */
export function startDuties(options: DutyOptions): Duties {
  const { work, plan, events, wallMs } = options;
  const tasks = createTickTasks(options.monoMs);
  /** Nothing is done while recording is paused. A task that fails pauses it. */
  const every = (ms: number, task: () => void): void => tasks.every(ms, () => work().recording.guarded(task));

  const trimMemory = createMemoryTrim();
  let busy: NodeJS.Timeout | undefined;
  function housekeep(): void {
    busy = undefined;
    let more = false;
    work().recording.guarded(() => {
      options.lookAtDisk();
      const nowMs = wallMs();
      const { store } = work();
      more = store.housekeep(plan.ruleAt(nowMs, store.believedMs(nowMs)), nowMs);
    });
    let looked = false;
    if (!more)
      work().recording.guarded(() => {
        looked = work().slowFacts.step(work().recording.lastTickMs(), options.wantsToday());
      });
    if (more || looked) trimMemory();
    if (more) again();
  }
  function again(): void {
    busy = setTimeout(housekeep, HOUSEKEEP_BUSY_MS);
    busy.unref();
  }

  /** Sessions are written by `slowburn run`, perhaps in another process: a change is noticed in the table. */
  let sessionsSeen = '';
  function watchSessions(): void {
    const { store, recording } = work();
    endOrphans(store, recording.lastTickMs());
    const seen = JSON.stringify(store.sessions.newest(1).map(({ id, endedMs }) => [id, endedMs]));
    if (sessionsSeen !== '' && seen !== sessionsSeen) events.onSessions();
    sessionsSeen = seen;
  }

  tasks.every(LOOK_MS, options.keeper.look); // also while paused: it ends the pause when the file is there again
  every(SAVE_WEAR_MS, () => work().wear.save());
  every(SESSION_POLL_MS, watchSessions);
  every(TRIM_MS, trimMemory); // what sealing left is garbage by then, and collected
  every(COST_MS, () => events.onCost?.(options.cost()));
  every(NOTE_MS, options.note);
  tasks.every(HOUSEKEEP_MS, () => {
    if (!busy) housekeep();
  });
  again();
  return {
    ticked: tasks.ticked,
    end() {
      tasks.end();
      clearTimeout(busy);
    },
  };
}
