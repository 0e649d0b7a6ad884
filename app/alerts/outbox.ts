import { applyEntry, isAbout, type AlertEntry } from './episode.ts';
import type { StoredAlert } from './schema.ts';
import type { AlertTable } from './table.ts';

/** What to show; `thrown` if it could not be written. */
export type Posted = {
  readonly firing: readonly StoredAlert[];
  /** what a message is sent about now */
  readonly told: readonly StoredAlert[];
  /** what is over */
  readonly cleared: readonly StoredAlert[];
  readonly thrown?: unknown;
};

/** What a tick brings to the outbox. */
export type Post = {
  readonly entries: readonly AlertEntry[];
  /** those of the firing alerts whose message is due */
  readonly due: (firing: readonly StoredAlert[]) => readonly StoredAlert[];
  readonly tsMs: number;
  readonly axisMs?: number | undefined;
  /** false: the tick itself could not be written, so writing alerts is not tried */
  readonly canWrite: boolean;
};

/** What sends messages about alerts to other places (channels/). */
export type Announcer = {
  /** Queues messages about the alerts whose message is due, and those that are over; called before either is written. */
  readonly announce: (
    told: readonly StoredAlert[],
    cleared: readonly StoredAlert[],
    at: Pick<Post, 'tsMs' | 'axisMs'>,
  ) => void;
  /** Writes what is queued. @returns to be called when the transaction around it is on the disk */
  readonly write: () => () => void;
  /** Corrects the times of messages that were queued while the system clock was wrong. */
  readonly restamp: (stampOf: (axisMs: number) => number) => void;
};

/**
 * Writes alerts first and shows them second. A failing disk never suppresses an alert: it is shown at once, kept, and
 * written in its order when the disk works again. An alert that is not on the disk yet has a negative id.
 */
export function createAlertOutbox({ record, open }: Pick<AlertTable, 'record' | 'open'>, announcer?: Announcer) {
  let stored: readonly StoredAlert[] = open();
  let waiting: readonly AlertEntry[] = [];

  const firing = (): readonly StoredAlert[] =>
    waiting.reduce((alerts, entry, i) => applyEntry(alerts, entry, -1 - i), stored);

  /** @returns what was thrown */
  function write(canWrite: boolean): { readonly thrown?: unknown } {
    if (!canWrite || waiting.length === 0) return {};
    try {
      let written: (() => void) | undefined;
      record(waiting, () => (written = announcer?.write()));
      written?.();
      waiting = [];
      stored = open();
      return {};
    } catch (thrown) {
      return { thrown };
    }
  }

  return {
    firing,
    /** Corrects the times of alerts that were posted while the system clock was wrong. */
    restamp: (stampOf: (axisMs: number) => number): void => {
      waiting = waiting.map(({ axisMs, ...entry }) =>
        axisMs === undefined ? entry : { ...entry, tsMs: stampOf(axisMs) },
      );
      announcer?.restamp(stampOf);
    },
    /** Takes what happened at one tick. Undefined: nothing new to show. */
    post({ entries, due, tsMs, axisMs, canWrite }: Post): Posted | undefined {
      const before = firing();
      waiting = [...waiting, ...entries];
      const told = due(firing());
      waiting = [
        ...waiting,
        ...told.map(({ gpuUuid, rule }) => ({ kind: 'told' as const, gpuUuid, rule, tsMs, axisMs })),
      ];
      if (waiting.length === 0 || (entries.length + told.length === 0 && !canWrite)) return undefined;
      const over = entries.filter(({ kind }) => kind === 'cleared');
      const cleared = before
        .filter((alert) => over.some((entry) => isAbout(entry, alert)))
        .map((alert) => ({ ...alert, clearedMs: tsMs }));
      if (told.length + cleared.length > 0) announcer?.announce(told, cleared, { tsMs, axisMs });
      const result = write(canWrite);
      const now = firing();
      return {
        firing: now,
        told: now.filter((alert) => told.some((each) => isAbout(each, alert))),
        cleared,
        ...result,
      };
    },
  };
}
