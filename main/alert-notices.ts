import { phaseOf } from '../app/alerts/episode.ts';
import { alertRuleOf, covers } from '../app/alerts/rules.ts';
import type { AlertName, StoredAlert } from '../app/alerts/schema.ts';
import { alertAdvice, alertSubject, alertTitle } from '../app/alerts/text.ts';
import type { Translate } from '../app/core/i18n.ts';
import { printable } from '../app/core/printable.ts';
import type { Formatter } from '../app/metrics/format.ts';
import type { Notice, NoticeAction, Notifier, ShownNotice } from './notifier.ts';

type AlertSound = 'off' | 'critical' | 'all';

/** Whether a notification of this level makes the desktop's sound. */
export const isSilent = (sound: AlertSound, level: Notice['level']): boolean =>
  sound === 'off' || level === 'info' || (sound === 'critical' && level !== 'act');

export type AlertNoticesOptions = {
  readonly notifier: Notifier;
  readonly t: Translate;
  readonly formatter: () => Formatter;
  readonly sound: () => AlertSound;
  readonly onAction: (action: NoticeAction, alert: AlertName) => void;
};

const keyOf = ({ gpuUuid, rule }: AlertName): string => `${gpuUuid ?? ''} ${rule}`;

/** Whether another alert now speaks for this one: it is not over. */
const isCovered = ({ gpuUuid, rule }: AlertName, firing: readonly StoredAlert[]): boolean =>
  firing.some(
    (cause) => (cause.gpuUuid === gpuUuid || cause.gpuUuid === null) && covers(alertRuleOf(cause.rule), rule),
  );

/**
 * One notification for each alert, with what can be done about it. When the alert is over, "resolved" takes its place; when
 * somebody has acknowledged or snoozed it, wherever that was, it goes. A notification that was dismissed does not return.
 * Texts name the card and the rule: no path, user or command line.
 */
export function createAlertNotices({ notifier, t, formatter, sound, onAction }: AlertNoticesOptions) {
  const shown = new Map<string, { readonly alert: StoredAlert; readonly notice: ShownNotice }>();

  const noticeOf = (alert: StoredAlert): Notice => ({
    title: printable(alertTitle(t, formatter(), alert)),
    body: printable(`${alertSubject(t, alert)}. ${alertAdvice(t, alert)}`),
    level: alert.severity,
    silent: isSilent(sound(), alert.severity),
    actions: [
      { id: 'acknowledge', label: t('alerts.acknowledge') },
      { id: 'snooze', label: t('alerts.snooze') },
      { id: 'open', label: t('alerts.open') },
    ],
  });

  const resolved = (alert: StoredAlert, nowMs: number): Notice => ({
    title: printable(t('alerts.resolved', { title: alertTitle(t, formatter(), alert) })),
    body: printable(
      t('alerts.resolvedAfter', {
        subject: alertSubject(t, alert),
        duration: formatter().duration(Math.max(0, nowMs - alert.firedMs)),
      }),
    ),
    level: 'info',
    silent: true,
    actions: [{ id: 'open', label: t('alerts.open') }],
  });

  /** @param told what a message is due about */
  return (firing: readonly StoredAlert[], told: readonly StoredAlert[], nowMs: number): void => {
    for (const [key, { alert, notice }] of shown) {
      const now = firing.find((one) => keyOf(one) === key);
      if (now && phaseOf(now, nowMs) === 'firing') continue;
      shown.delete(key);
      if (now || isCovered(alert, firing)) notice.close();
      else notice.replace(resolved(alert, nowMs));
    }
    for (const alert of told) {
      const { gpuUuid, rule } = alert;
      shown.get(keyOf(alert))?.notice.close();
      const notice = notifier.show(noticeOf(alert), (action) => onAction(action, { gpuUuid, rule }));
      shown.set(keyOf(alert), { alert, notice });
    }
  };
}
