import type { Settings } from './settings.ts';
import { windowSettings } from './window.ts';

/** How the window looks and notifies: the person's own, also where the window follows a recorder with other settings. */
const personal: readonly (keyof Settings)[] = [
  ...(Object.keys(windowSettings) as (keyof typeof windowSettings)[]),
  'temperatureUnit',
  'theme',
  'notifications',
  'alertSound',
];

/** The settings of a recorder that has another folder, with the person's own. */
export const followedSettings = (recorder: Settings, own: Settings): Settings => ({
  ...recorder,
  ...Object.fromEntries(personal.map((key) => [key, own[key]])),
});

/** Whether a change concerns the window alone. */
export const isPersonal = (change: Partial<Settings>): boolean =>
  (Object.keys(change) as (keyof Settings)[]).every((key) => personal.includes(key));
