import type { CollectorEvents } from '../collector.ts';
import type { Push } from './server.node.ts';

/** A recording may be played at hundreds of ticks a second; people see no more than ten. */
const TICK_EVERY_MS = 90;

/** The events of a recorder, told to its clients too. The recorder's own listeners come first. */
export function withClients(own: CollectorEvents, tell: (push: Push) => void, monoMs: () => number): CollectorEvents {
  let toldMs = -Infinity;
  return {
    ...own,
    onTick(tick) {
      own.onTick(tick);
      const now = monoMs();
      if (now - toldMs < TICK_EVERY_MS && !tick.fault && !tick.gap) return;
      toldMs = now;
      tell({ type: 'tick', tick });
    },
    onAlerts(firing, told, cleared) {
      own.onAlerts(firing, told, cleared);
      tell({ type: 'alerts', firing, told, cleared });
    },
    onSessions() {
      own.onSessions();
      tell({ type: 'sessions' });
    },
    onAction(action) {
      own.onAction?.(action);
      tell({ type: 'action', action });
    },
    onCost(cost) {
      own.onCost?.(cost);
      tell({ type: 'cost', cost });
    },
    onNotice(notice) {
      own.onNotice?.(notice);
      tell({ type: 'notice', notice });
    },
    onPrices(book) {
      own.onPrices?.(book);
      tell({ type: 'prices', book });
    },
    onJob(job) {
      own.onJob?.(job);
      tell({ type: 'job', job });
    },
  };
}
