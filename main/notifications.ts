import { Notification } from 'electron';
import { printable } from '../app/core/printable.ts';
import { type Formatter } from '../app/metrics/format.ts';
import type { StoredAlert } from '../app/alerts/schema.ts';
import { alertTitle, alertValue } from '../app/alerts/text.ts';
import { loosely, type Translate } from '../app/core/i18n.ts';
import type { SourceFault } from '../app/telemetry/source.ts';
import type { GovernorEntry } from '../app/governor/policy.ts';
import { notes } from './terminal.ts';

type Words = { readonly title: string; readonly body: string; readonly urgent: boolean };

/** A desktop without notifications is no error. */
function show({ title, body, urgent }: Words, onClick: () => void): void {
  if (!Notification.isSupported()) return;
  const notification = new Notification({
    title: printable(title),
    body: printable(body),
    urgency: urgent ? 'critical' : 'normal',
  });
  notification.on('click', onClick);
  notification.on('failed', (_event, error) => notes.say(`The notification could not be shown: ${error}`));
  notification.show();
}

/** Tells of an alert that is already on disk. */
export function notify(alert: StoredAlert, t: Translate, format: Formatter, onClick: () => void): void {
  const body = t('notification.body', { gpu: alert.gpuName, value: alertValue(format, alert, alert.value) });
  show({ title: alertTitle(t, format, alert), body, urgent: alert.severity === 'act' }, onClick);
}

/** Tells that recording has paused: whoever relies on the history must know, whether or not alerts are to be shown. */
export function notifyFault({ message, next }: SourceFault, onClick: () => void): void {
  show({ title: message, body: next ?? '', urgent: true }, onClick);
}

/** Limit steps are frequent; do not notify. */
const TOLD = new Set<GovernorEntry['what']>(['passed', 'held', 'not-held', 'refused', 'left']);

/** Tells what the governor saw or did: the mildest of its means. */
export function notifyAction({ what, why, program, message }: GovernorEntry, t: Translate, onClick: () => void): void {
  if (!TOLD.has(what)) return;
  const title = loosely(t)(`governor.did.${what}`, { why: loosely(t)(`governor.why.${why}`), program: program ?? '' });
  show({ title, body: message ?? t('governor.title'), urgent: what === 'left' }, onClick);
}
