import { onTestFinished } from 'vitest';
import type { Deliveries } from '../../app/alerts/channels/deliveries.ts';
import { openDeliveries } from '../../app/recorder/deliveries.node.ts';
import { defaultSettings, type Settings } from '../../app/settings/settings.ts';
import { temporaryFolder } from './folders.ts';

/** The channels of a recorder with these settings, in a folder of their own; closed after the test. */
export function deliveriesWith(
  channels: Partial<Settings['alerts']['channels']> = {},
  folder = temporaryFolder(),
): Deliveries {
  const { alerts } = defaultSettings;
  const settings = { ...defaultSettings, alerts: { ...alerts, channels: { ...alerts.channels, ...channels } } };
  const options = { log: () => undefined, save: (task: () => void) => task() };
  const deliveries = openDeliveries(folder, 'simulated', () => settings, options);
  onTestFinished(() => deliveries.close());
  return deliveries;
}
