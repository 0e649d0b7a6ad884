import { Notification } from 'electron';
import { printable } from '../app/core/printable.ts';
import { type Formatter } from '../app/metrics/format.ts';
import type { StoredAlert } from '../app/alerts/schema.ts';
import { alertAdvice, alertSubject, alertTitle } from '../app/alerts/text.ts';
import type { Translate } from '../app/core/i18n.ts';
import type { SourceFault } from '../app/telemetry/source.ts';
import { entryText } from '../app/governor/entry-text.ts';
import type { GovernorEntry } from '../app/governor/policy.ts';
import { log } from './log.ts';

type Words = { readonly title: string; readonly body: string; readonly urgent: boolean };

/** A desktop without notifications is not an error. */
function show({ title, body, urgent }: Words, onClick: () => void): void {
  if (!Notification.isSupported()) return;
  const notification = new Notification({
    title: printable(title),
    body: printable(body),
    urgency: urgent ? 'critical' : 'normal',
  });
  notification.on('click', onClick);
  notification.on('failed', (_event, error) => log(`A notification could not be shown: ${error}`));
  notification.show();
}

/** Shows an alert that is already on disk. */
export function notify(alert: StoredAlert, t: Translate, format: Formatter, onClick: () => void): void {
  const body = `${alertSubject(t, alert)}. ${alertAdvice(t, alert)}`;
  show({ title: alertTitle(t, format, alert), body, urgent: alert.severity === 'act' }, onClick);
}

/** Reports that recording has paused, even where notifications of alerts are off: the history has a gap from now on. */
export function notifyFault({ message, next }: SourceFault, onClick: () => void): void {
  show({ title: message, body: next ?? '', urgent: true }, onClick);
}

/** Limit steps are frequent; do not notify. */
const TOLD = new Set<GovernorEntry['what']>(['passed', 'held', 'not-held', 'refused', 'left']);

/** Reports what the governor saw or did: the mildest of its means. */
export function notifyAction(entry: GovernorEntry, t: Translate, onClick: () => void): void {
  if (!TOLD.has(entry.what)) return;
  const body = entry.message ?? t('governor.title');
  show({ title: entryText(t, entry), body, urgent: entry.what === 'left' }, onClick);
}
