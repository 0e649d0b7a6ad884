import type { StoredAlert } from './schema.ts';
import type { AlertEntry, AlertTable } from './table.ts';

/** What to show; `thrown` if the alerts could not be written. */
export type Posted = {
  readonly firing: readonly StoredAlert[];
  readonly fired: readonly StoredAlert[];
  readonly thrown?: unknown;
};

/** An alert that is not on disk yet. Its id is negative, so that it equals no stored one. */
const provisional = ({ tsMs, gpuName, change }: AlertEntry, id: number): StoredAlert => ({
  id,
  gpuUuid: change.gpuUuid,
  gpuName,
  rule: change.rule.id,
  severity: change.rule.severity,
  firedMs: tsMs,
  clearedMs: null,
  value: change.value,
  threshold: change.threshold,
  peak: change.peak,
});

const isAbout = ({ change }: AlertEntry, alert: StoredAlert): boolean =>
  alert.gpuUuid === change.gpuUuid && alert.rule === change.rule.id;

/**
 * Writes alerts first and shows them second. A failing disk never suppresses an alert: it is shown at once, kept, and
 * written in its order when the disk works again.
 */
export function createAlertOutbox({ record, open }: Pick<AlertTable, 'record' | 'open'>) {
  let written = open();
  let waiting: readonly AlertEntry[] = [];

  const firing = (): StoredAlert[] =>
    waiting.reduce<StoredAlert[]>(
      (alerts, entry, i) =>
        entry.change.kind === 'fired'
          ? [...alerts, provisional(entry, -1 - i)]
          : alerts.filter((alert) => !isAbout(entry, alert)),
      written,
    );

  return {
    firing,
    /** Corrects the times of alerts that were posted while the system clock was wrong. */
    restamp(stampOf: (axisMs: number) => number): void {
      waiting = waiting.map(({ axisMs, ...entry }) =>
        axisMs === undefined ? entry : { ...entry, tsMs: stampOf(axisMs) },
      );
    },
    /**
     * Takes what fired and cleared at one tick. Undefined: nothing new to show.
     * @param canWrite false: the tick itself could not be written, so writing alerts is not tried
     */
    post(entries: readonly AlertEntry[], canWrite: boolean): Posted | undefined {
      if (entries.length === 0 && (waiting.length === 0 || !canWrite)) return undefined;
      waiting = [...waiting, ...entries];
      let failure: { readonly thrown?: unknown } = {};
      if (canWrite) {
        try {
          record(waiting);
          waiting = [];
          written = open();
        } catch (thrown) {
          failure = { thrown };
        }
      }
      const now = firing();
      const fired = entries.filter(({ change }) => change.kind === 'fired');
      return { firing: now, fired: now.filter((alert) => fired.some((entry) => isAbout(entry, alert))), ...failure };
    },
  };
}
