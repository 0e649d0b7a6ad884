import type { AlertSettings } from '../settings.ts';
import { alertChannelIds, channelRow } from './channels.ts';

/** Whether a change sets a field that only the settings file may change: the page must not choose a program to start. */
export const changesFileOnly = (before: AlertSettings, after: AlertSettings): boolean =>
  alertChannelIds.some((id) =>
    Object.entries(channelRow(id).fields).some(([name, field]) => {
      const [old, next] = [before, after].map(({ channels }) =>
        JSON.stringify(Object.entries(channels[id]).find(([key]) => key === name)),
      );
      return 'fileOnly' in field && old !== next;
    }),
  );
