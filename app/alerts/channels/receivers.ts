import type { AlertSettings } from '../settings.ts';
import { alertChannelIds, channelRow, type AlertChannelId } from './channels.ts';

/**
 * Channels whose messages go to another receiver after a change of settings, or on a less protected way. Their secrets must
 * be removed first: otherwise a page that changes the server could have a stored password sent there.
 */
export const movedChannels = (before: AlertSettings, after: AlertSettings): readonly AlertChannelId[] =>
  alertChannelIds.filter((id) => {
    const [old, next] = [before, after].map(({ channels }) => {
      const given = Object.entries(channels[id]).filter(([name]) => channelRow(id).receiver.includes(name));
      return JSON.stringify(given.sort(([a], [b]) => (a < b ? -1 : 1)));
    });
    return old !== next;
  });
