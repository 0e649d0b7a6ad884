import { defaultSettings, type Settings } from '../../settings/settings.ts';
import type { Push } from './server.node.ts';

/** What readers need to show numbers as the recorder counts them. A new setting is not among them until it is named here. */
const SHOWN = [
  'intervalMs',
  'temperatureUnit',
  'currency',
  'pricePerKwh',
  'tariff',
  'marketSurchargePerKwh',
  'marketTaxPct',
  'co2GramsPerKwh',
  'retentionDays',
  'historyCapMb',
] as const satisfies readonly (keyof Settings)[];

/** Settings without what is the owner's alone, such as where messages are sent: that has its default instead. */
function shownToReaders(settings: Settings): Settings {
  const { quietHours, rules } = settings.alerts;
  const shown = Object.fromEntries(SHOWN.map((key) => [key, settings[key]]));
  return { ...defaultSettings, ...shown, alerts: { ...defaultSettings.alerts, quietHours, rules } };
}

/** A push as a connection that may only read gets it. */
export const forReaders = (push: Push): Push =>
  push.type === 'settings' ? { type: 'settings', settings: shownToReaders(push.settings) } : push;
