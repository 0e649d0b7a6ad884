import type { Tick } from '../telemetry/sampler.ts';
import { withinHours } from '../workload/energy/tariff.ts';
import { dueToTell, isAbout, uncovered, type AlertEntry } from './episode.ts';
import type { Around } from './fact-reader.ts';
import { createAlertOutbox, type Announcer, type Posted } from './outbox.ts';
import { pauseEndMs } from './pause.ts';
import type { AlertName, StoredAlert } from './schema.ts';
import { rulesOn, type AlertSettings } from './settings.ts';
import type { AlertTable } from './table.ts';
import { HOUR_MS } from './rule-row.ts';
import { createAlertWatch, type AlertWatch, type KnownCard } from './watch.ts';

/** A person has seen that the card is lost: if it is not there at the next start either, it was removed. */
const isKnownLoss = ({ rule, acknowledgedMs }: StoredAlert): boolean => rule === 'gpu-lost' && acknowledgedMs !== null;

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
 * @param cards that were there then
 */
export function createAlertDesk(
  table: AlertTable,
  first: AlertSettings,
  nowMs: number,
  announcer?: Announcer,
  cards: readonly KnownCard[] = [],
): AlertDesk {
  let settings = first;
  const outbox = createAlertOutbox(table, announcer);
  const recent = table.between(nowMs - HOUR_MS, nowMs + 1);
  let watch: AlertWatch | undefined;

  /** Begins with the first tick. @returns the end of alerts about cards that were removed, as their owner knows */
  function begin({ gpus, tsMs }: Tick): readonly AlertEntry[] {
    const open = outbox.firing();
    const isThere = (uuid: string | null): boolean => gpus.some(({ gpu }) => gpu.uuid === uuid);
    const removed = gpus.length === 0 ? [] : open.filter((alert) => isKnownLoss(alert) && !isThere(alert.gpuUuid));
    const known = cards.filter(({ uuid }) => !removed.some(({ gpuUuid }) => gpuUuid === uuid));
    const kept = open.filter((alert) => !removed.some(({ gpuUuid }) => gpuUuid === alert.gpuUuid));
    watch = createAlertWatch(rulesOn(settings), kept, recent, nowMs, known);
    return open
      .filter((alert) => !kept.includes(alert))
      .map(({ gpuUuid, rule, peak }) => ({ kind: 'cleared', gpuUuid, rule, tsMs, peak }));
  }

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
      const removed = watch ? [] : begin(tick);
      const entries = [...removed, ...watch!.take(tick, around)].map((entry) => ({ ...entry, axisMs }));
      return post(entries, { tsMs: tick.tsMs, axisMs }, canWrite);
    },
    act(action, tsMs, canWrite) {
      if (!outbox.firing().some((alert) => isAbout(action, alert))) return undefined;
      return post([{ ...action, tsMs }], { tsMs }, canWrite);
    },
    applySettings(next) {
      settings = next;
      watch?.setRules(rulesOn(next));
    },
    firing: () => uncovered(outbox.firing()),
    restamp: outbox.restamp,
  };
}
