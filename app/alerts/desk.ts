import type { Tick } from '../telemetry/sampler.ts';
import { withinHours } from '../workload/energy/tariff.ts';
import { dueToTell, isAbout, uncovered, type AlertEntry } from './episode.ts';
import type { Around } from './fact-reader.ts';
import { createAlertOutbox, type Announcer, type Posted } from './outbox.ts';
import { pauseEndMs } from './pause.ts';
import type { AlertName, StoredAlert } from './schema.ts';
import { rulesOn, type AlertSettings } from './settings.ts';
import type { AlertTable } from './table.ts';
import { createAlertWatch } from './watch.ts';

/** What a person does about an alert. */
export type AlertAction = AlertName &
  ({ readonly kind: 'acknowledged' } | { readonly kind: 'snoozed'; readonly untilMs: number });

export type AlertDesk = {
  /**
   * Judges a tick, writes what happened, and says what to show. Undefined: nothing new.
   * @param unstamped the tick's time is not known yet
   */
  readonly judge: (tick: Tick, around: Around, unstamped: boolean, canWrite: boolean) => Posted | undefined;
  /** Undefined: no such alert fires. */
  readonly act: (action: AlertAction, tsMs: number, canWrite: boolean) => Posted | undefined;
  readonly applySettings: (settings: AlertSettings) => void;
  /** what fires, one alert per cause */
  readonly firing: () => readonly StoredAlert[];
  readonly restamp: (stampOf: (axisMs: number) => number) => void;
};

/**
 * Rules, episodes and messages of one history, from the alerts that fired when the recorder last ended.
 * @param announcer sends messages to channels; undefined: nothing but the desktop shows alerts
 */
export function createAlertDesk(
  table: AlertTable,
  first: AlertSettings,
  nowMs: number,
  announcer?: Announcer,
): AlertDesk {
  let settings = first;
  const outbox = createAlertOutbox(table, announcer);
  const recent = table.between(nowMs - 3_600_000, nowMs + 1);
  const watch = createAlertWatch(rulesOn(settings), outbox.firing(), recent, nowMs);

  function post(entries: readonly AlertEntry[], at: Pick<Tick, 'tsMs' | 'axisMs'>, canWrite: boolean) {
    const { quietHours } = settings;
    const isNight = quietHours !== null && withinHours(at.tsMs, quietHours.fromMin, quietHours.toMin);
    const quiet = isNight || pauseEndMs(settings, at.tsMs) !== undefined;
    const due = (firing: readonly StoredAlert[]) => dueToTell(firing, at.tsMs, quiet);
    const posted = outbox.post({ entries, due, ...at, canWrite });
    return posted && { ...posted, firing: uncovered(posted.firing) };
  }

  return {
    judge(tick, around, unstamped, canWrite) {
      const axisMs = unstamped ? tick.axisMs : undefined;
      const entries = watch.take(tick, around).map((entry) => ({ ...entry, axisMs }));
      return post(entries, { tsMs: tick.tsMs, axisMs }, canWrite);
    },
    act(action, tsMs, canWrite) {
      if (!outbox.firing().some((alert) => isAbout(action, alert))) return undefined;
      return post([{ ...action, tsMs }], { tsMs }, canWrite);
    },
    applySettings(next) {
      settings = next;
      watch.setRules(rulesOn(next));
    },
    firing: () => uncovered(outbox.firing()),
    restamp: outbox.restamp,
  };
}
