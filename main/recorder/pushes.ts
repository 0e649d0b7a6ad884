import type { StoredAlert } from '../../app/alerts/schema.ts';
import type { CollectorStatus } from '../../app/contract/channels.ts';
import type { OwnCost } from '../../app/core/own-cost.ts';
import { messageOf } from '../../app/core/result.ts';
import type { GovernorEntry } from '../../app/governor/policy.ts';
import type { JobState } from '../../app/jobs/jobs.ts';
import type { FromCollector } from '../../app/recorder/collector-messages.ts';
import { tick as tickSchema } from '../../app/telemetry/schema.ts';
import type { Tick } from '../../app/telemetry/sampler.ts';
import type { PriceBook } from '../../app/workload/prices/market.ts';
import { log } from '../log.ts';

/** What a recorder sends without being asked, and the window passes on. */
export type RecorderPushes = {
  readonly onTick: (tick: Tick) => void;
  readonly onAlerts: (firing: readonly StoredAlert[], told: readonly StoredAlert[]) => void;
  readonly onSessions: () => void;
  readonly onAction: (action: GovernorEntry) => void;
  readonly onCost: (cost: OwnCost) => void;
  readonly onPrices: (book: PriceBook | undefined) => void;
  readonly onJob: (job: JobState) => void;
};

/** The status that the window shows. Each recorder writes its part of it. */
export type StatusBoard = {
  readonly read: () => CollectorStatus;
  readonly set: (change: Partial<CollectorStatus>) => void;
};

/** Counts an update that could not be used, for the foot of the window; the first of each process is logged. */
export function countUnread(board: StatusBoard, why: string): void {
  const { unread } = board.read();
  if (unread === undefined) log(`An update of the recorder could not be read: ${why}`);
  board.set({ unread: (unread ?? 0) + 1 });
}

function pass(message: FromCollector, to: RecorderPushes, board: StatusBoard): void {
  switch (message.type) {
    case 'tick': {
      const tick = tickSchema.safeParse(message.tick);
      if (tick.success) return to.onTick(tick.data as Tick);
      const why = tick.error.issues.map(({ path, message: issue }) => `${path.join('.')}: ${issue}`)[0];
      return countUnread(board, `tick: ${why}`);
    }
    case 'alerts':
      return to.onAlerts(message.firing, message.told);
    case 'notice':
      return board.set({ notice: message.notice });
    case 'sessions':
      return to.onSessions();
    case 'action':
      return to.onAction(message.action);
    case 'cost':
      return to.onCost(message.cost);
    case 'prices':
      return to.onPrices(message.book);
    case 'job':
      return to.onJob(message.job);
  }
}

/** Passes one push of our own recorder on. One that cannot be used must not end the window's process. */
export function passPush(message: FromCollector, to: RecorderPushes, board: StatusBoard): void {
  try {
    pass(message, to, board);
  } catch (thrown) {
    countUnread(board, `${message.type}: ${messageOf(thrown)}`);
  }
}
