import type { AlertEntry, AlertTable, StoredAlert } from './table.ts';

/** What is to be shown, and what the disk said where it did not take it. */
export type Posted = {
  readonly firing: readonly StoredAlert[];
  readonly fired: readonly StoredAlert[];
  readonly thrown?: unknown;
};

/** How an alert that is not on disk yet looks. */
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
 * Alerts on their way: written first, then shown. A hot card cannot wait for a disk that fails: then they are shown all
 * the same, kept, and written in their order when the disk takes them again.
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
    /** Stamps what was posted while the clock could not be right. */
    restamp(stampOf: (axisMs: number) => number): void {
      waiting = waiting.map(({ axisMs, ...entry }) =>
        axisMs === undefined ? entry : { ...entry, tsMs: stampOf(axisMs) },
      );
    },
    /**
     * Takes what fired and cleared at one tick; undefined where there is nothing new to show.
     * @param canWrite false: the tick itself could not be written, so this is not tried either
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
