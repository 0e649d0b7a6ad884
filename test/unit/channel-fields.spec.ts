import { describe, expect, it } from 'vitest';
import { alertChannelIds, channelRow } from '../../app/alerts/channels/channels.ts';
import { defaultSettings } from '../../app/settings/settings.ts';

describe('the settings of an alert channel', () => {
  it('have names of their own, beside those that every channel has', () => {
    const { channels } = defaultSettings.alerts;
    const common = Object.keys(channels.webhook); // it has no fields
    expect(common).toContain('from');
    for (const id of alertChannelIds) {
      const { fields, secrets, needs } = channelRow(id);
      const names = [...Object.keys(fields), ...secrets];
      expect(
        names.filter((name) => common.includes(name)),
        id,
      ).toEqual([]);
      expect(new Set(names).size, id).toBe(names.length);
      expect(
        needs.filter((name) => !names.includes(name)),
        id,
      ).toEqual([]);
    }
  });
});
