import type { Translate } from '../../core/i18n.ts';
import type { Formatter } from '../../metrics/format.ts';
import type { alertChannels, AlertChannelId } from './channels.ts';
import type { ChannelState } from './state.ts';

type Rows = typeof alertChannels;
type Named<Id extends AlertChannelId> = `${Id}.${(keyof Rows[Id]['fields'] & string) | Rows[Id]['secrets'][number]}`;
/** One key for every field and secret: a missing word is a compile error. */
type SettingKey = { [Id in AlertChannelId]: `channel.set.${Named<Id>}` }[AlertChannelId];

/** Name of a field or secret of a channel. */
export const settingName = (t: Translate, id: AlertChannelId, name: string): string =>
  t(`channel.set.${id}.${name}` as SettingKey);

const faultText = (t: Translate, format: Formatter, { tsMs, message }: NonNullable<ChannelState['fault']>): string =>
  tsMs === null ? message : t('channel.state.fault', { when: format.time(tsMs), message });

/** How a channel works now, in short sentences. */
export function channelSentence(t: Translate, format: Formatter, state: ChannelState, on: boolean): string {
  const { id, missing, waiting, dropped, deliveredMs, fault } = state;
  const names = missing.map((name) => settingName(t, id, name)).join(', ');
  return [
    ...(on ? [] : [t('channel.state.off')]),
    ...(missing.length > 0 ? [t('channel.state.missing', { names })] : []),
    ...(waiting > 0 ? [t('channel.state.waiting', { count: waiting })] : []),
    ...(dropped > 0 ? [t('channel.state.dropped', { count: dropped })] : []),
    ...(deliveredMs === null
      ? missing.length > 0 || !on
        ? []
        : [t('channel.state.never')]
      : [t('channel.state.delivered', { when: format.dateTime(deliveredMs) })]),
    ...(fault ? [faultText(t, format, fault)] : []),
    ...(fault?.next ? [fault.next] : []),
    ...(fault && fault.retryMs !== null ? [t('channel.state.retry', { when: format.time(fault.retryMs) })] : []),
  ].join(' ');
}
