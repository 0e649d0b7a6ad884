import { Argument } from 'commander';
import { alertChannelIds, type AlertChannelId } from '../app/alerts/channels/channels.ts';
import type { Deliveries } from '../app/alerts/channels/deliveries.ts';
import { createMessageTable, type MessageCounts } from '../app/alerts/channels/message-table.ts';
import type { ChannelState } from '../app/alerts/channels/state.ts';
import { historyFile } from '../app/core/folders.node.ts';
import { text } from '../app/core/i18n.ts';
import { openForReading } from '../app/history/file/database.node.ts';
import { openDeliveries } from '../app/recorder/deliveries.node.ts';
import { settingsOf } from './options.ts';

export const channelArgument = (): Argument =>
  new Argument('<channel>', text('cli.alerts.channel')).choices(alertChannelIds);

/** The channels with the settings and secrets of a data folder, apart from its recorder: they send nothing but tests. */
export function channelsOf(folder: string): Deliveries {
  const settings = settingsOf(folder);
  return openDeliveries(folder, 'measured', () => settings, { log: () => undefined, save: () => undefined });
}

/** What the recorder noted about its messages; undefined: it has no history yet, or it cannot be read. */
function countsOf(folder: string): readonly MessageCounts[] | undefined {
  const opened = openForReading(historyFile(folder, 'measured'));
  if (!opened.ok) return undefined;
  try {
    return createMessageTable(opened.value).counts();
  } finally {
    opened.value.close();
  }
}

/** How the channels work, from the settings, the secrets and the history of a folder. */
export function channelStates(folder: string): readonly ChannelState[] {
  const counts = new Map<string, MessageCounts>(countsOf(folder)?.map((one) => [one.channel, one]));
  return channelsOf(folder)
    .states()
    .map((state): ChannelState => {
      const { waiting = 0, dropped = 0, deliveredMs = null, error = null } = counts.get(state.id) ?? {};
      const last = error === null ? null : { code: 'not-ready' as const, message: error, tsMs: null, retryMs: null };
      return { ...state, waiting, dropped, deliveredMs, fault: state.fault ?? last };
    });
}

export type ChannelOptions = { readonly dataDir?: string };
export type { AlertChannelId };
