import { openSecrets } from '../alerts/channels/secrets.node.ts';
import type { AlertSettings } from '../alerts/settings.ts';
import { brokerOf } from '../alerts/mqtt/broker.node.ts';
import { watchRemoval } from '../alerts/mqtt/removal.node.ts';
import { systemClock } from '../core/clock.node.ts';

/**
 * Removes the cards of this recorder from Home Assistant after that was switched off.
 * @returns ends it
 */
export function watchDeviceRemoval(
  folder: string,
  settings: () => AlertSettings,
  log: (entry: string) => void,
): () => Promise<void> {
  const mqtt = () => settings().channels.mqtt;
  const secrets = openSecrets(folder);
  return watchRemoval({
    dataFolder: folder,
    isWanted: () => mqtt().on && mqtt().homeAssistant,
    broker() {
      const found = secrets.of('mqtt');
      return found.ok ? brokerOf(mqtt(), found.value['password']?.value) : found;
    },
    log,
    monoMs: systemClock.monoMs,
  });
}
