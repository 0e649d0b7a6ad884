import type { Translate } from '../../core/i18n.ts';
import { printable } from '../../core/printable.ts';
import type { Formatter } from '../../metrics/format.ts';
import type { StoredAlert } from '../schema.ts';
import { alertAdvice, alertSubject, alertTitle } from '../text.ts';
import type { AlertMessage } from './message.ts';

export type Words = { readonly t: Translate; readonly format: Formatter };
/** Where a message comes from. `sender`: the name that the user gave this computer, or ''. */
export type Origin = { readonly sender: string; readonly simulated: boolean };

const prefixed = (sender: string, text: string): string => (sender === '' ? text : `${sender}: ${text}`);

const id = (episode: string, kind: AlertMessage['kind']): string => `${episode}.${kind}`;

/** The message about an alert that fired, or is over if `clearedMs` is known. @param episode unique to this alert */
export function alertMessageOf(
  { t, format }: Words,
  alert: StoredAlert,
  episode: string,
  origin: Origin,
): AlertMessage {
  const { rule, severity, firedMs, clearedMs, gpuIndex } = alert;
  const kind = clearedMs === null ? 'fired' : 'cleared';
  const durationMs = clearedMs === null ? null : Math.max(0, clearedMs - firedMs);
  const [subject, title, advice] = [alertSubject(t, alert), alertTitle(t, format, alert), alertAdvice(t, alert)].map(
    printable,
  ) as [string, string, string];
  const what = t('channel.message.about', { subject: prefixed(origin.sender, subject), title });
  const [since, until] = [format.dateTime(firedMs), format.dateTime(clearedMs ?? firedMs)];
  const lines =
    durationMs === null
      ? [advice, t('channel.message.since', { when: since })]
      : [t('channel.message.lasted', { since, until, duration: format.duration(durationMs) })];
  return {
    id: id(episode, kind),
    episode,
    kind,
    rule,
    severity,
    tsMs: clearedMs ?? firedMs,
    firedMs,
    durationMs,
    subject,
    title,
    advice,
    headline: durationMs === null ? what : t('channel.message.over', { what }),
    lines: [...lines, ...(origin.simulated ? [t('banner.simulated')] : [])],
    gpuName: alert.gpuUuid === null ? null : printable(alert.gpuName),
    gpuIndex,
    simulated: origin.simulated,
  };
}

/** The message of the test button. */
export function testMessageOf(t: Translate, episode: string, nowMs: number, sender: string): AlertMessage {
  const [title, advice] = [t('channel.message.test'), t('channel.message.testMore')];
  return {
    id: id(episode, 'test'),
    episode,
    kind: 'test',
    rule: null,
    severity: 'warn',
    tsMs: nowMs,
    firedMs: nowMs,
    durationMs: null,
    subject: t('app.name'),
    title,
    advice,
    headline: t('channel.message.about', { subject: prefixed(sender, t('app.name')), title }),
    lines: [advice],
    gpuName: null,
    gpuIndex: null,
    simulated: false,
  };
}
