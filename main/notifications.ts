import type { AlertName, StoredAlert } from '../app/alerts/schema.ts';
import { pauseEndMs } from '../app/alerts/pause.ts';
import type { PageId } from '../app/contract/pages.ts';
import type { Translate } from '../app/core/i18n.ts';
import { printable } from '../app/core/printable.ts';
import type { GovernorEntry } from '../app/governor/policy.ts';
import { entryText } from '../app/governor/entry-text.ts';
import type { Formatter } from '../app/metrics/format.ts';
import type { Settings } from '../app/settings/settings.ts';
import type { SourceFault } from '../app/telemetry/source.ts';
import { createAlertNotices, isSilent } from './alert-notices.ts';
import type { Notice, NoticeAction, Notifier } from './notifier.ts';

export type NotificationsOptions = {
  readonly notifier: Notifier;
  readonly t: Translate;
  readonly formatter: () => Formatter;
  readonly settings: () => Settings;
  readonly open: (page?: PageId, alert?: AlertName) => void;
  readonly acknowledge: (alert: AlertName) => void;
  readonly snooze: (alert: AlertName) => void;
};

/** Limit steps are frequent; do not notify. */
const TOLD = new Set<GovernorEntry['what']>(['passed', 'held', 'not-held', 'refused', 'left']);

/** The notifications of the window: alerts, that recording paused, and what the governor did. */
export function createNotifications(options: NotificationsOptions) {
  const { notifier, t, formatter, settings, open } = options;
  const sound = () => settings().alertSound;

  function onAction(action: NoticeAction, alert: AlertName): void {
    if (action === 'acknowledge') options.acknowledge(alert);
    else if (action === 'snooze') options.snooze(alert);
    else open('alerts', alert);
  }
  const alertNotices = createAlertNotices({ notifier, t, formatter, sound, onAction });

  function show(title: string, body: string, level: Notice['level'], page?: PageId): void {
    const actions = [{ id: 'open', label: t('alerts.open') }] as const;
    const silent = isSilent(sound(), level);
    notifier.show({ title: printable(title), body: printable(body), level, silent, actions }, () => open(page));
  }

  return {
    /** Alerts that fire now, and those whose message is due: they are on disk already. */
    alerts(firing: readonly StoredAlert[], told: readonly StoredAlert[]): void {
      alertNotices(firing, settings().notifications ? told : [], Date.now());
    },
    /** That recording has paused, even where notifications of alerts are off: the history has a gap from now on. */
    fault({ message, next }: SourceFault): void {
      show(message, next ?? '', 'act');
    },
    /** What the governor saw or did: the mildest of its means. A limit that was left behind is said in a pause too. */
    action(entry: GovernorEntry): void {
      const isUrgent = entry.what === 'left';
      const paused = pauseEndMs(settings().alerts, Date.now()) !== undefined && !isUrgent;
      if (!settings().notifications || paused || !TOLD.has(entry.what)) return;
      show(entryText(t, entry), entry.message ?? t('governor.title'), isUrgent ? 'act' : 'warn', 'workloads');
    },
  };
}
