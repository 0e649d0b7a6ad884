import { randomUUID } from 'node:crypto';
import { createDeliveries, type Deliveries, type DeliveryOptions } from '../alerts/channels/deliveries.ts';
import { openChannels } from '../alerts/channels/open-channel.node.ts';
import { openSecrets } from '../alerts/channels/secrets.node.ts';
import { alertTitle } from '../alerts/text.ts';
import { systemClock } from '../core/clock.node.ts';
import { text } from '../core/i18n.ts';
import type { Origin } from '../core/origin.ts';
import { createFormatter } from '../metrics/format.ts';
import type { Settings } from '../settings/settings.ts';

/** The channels of a recorder, with the secrets of its data folder. */
export function openDeliveries(
  folder: string,
  origin: Origin,
  settings: () => Settings,
  { log, save }: Pick<DeliveryOptions, 'log' | 'save'>,
): Deliveries {
  const locale = (): string => Intl.DateTimeFormat().resolvedOptions().locale;
  const format = () => createFormatter(locale(), settings());
  return createDeliveries({
    clock: systemClock,
    random: Math.random,
    newId: randomUUID,
    open: openChannels({ dataFolder: folder, titleOf: (alert) => alertTitle(text, format(), alert) }),
    secrets: openSecrets(folder),
    settings: settings().alerts,
    words: () => ({ t: text, format: format() }),
    simulated: origin === 'simulated',
    live: origin !== 'replayed',
    log,
    save,
  });
}
