import type { CollectorStatus } from '../app/contract/channels.ts';
import { settingsFile } from '../app/core/folders.node.ts';
import { text } from '../app/core/i18n.ts';
import { err, ok, type Result } from '../app/core/result.ts';
import type { SettingsOwner } from '../app/settings/owner.node.ts';
import { followedSettings, isPersonal } from '../app/settings/personal.ts';
import type { SettingsReport } from '../app/settings/read-settings.ts';
import type { Settings } from '../app/settings/settings.ts';

export type ShownSettings = {
  readonly settings: () => Settings;
  readonly report: () => SettingsReport;
  /** The settings in force of the followed recorder; undefined: the window follows none. */
  readonly follow: (settings: Settings | undefined) => void;
  /** Whether this window can make the change. An error says whose settings they are, and where to change them. */
  readonly mayChange: (change: Partial<Settings>) => Result<undefined>;
  /** Writes a change that may be made into the window's own file. */
  readonly change: SettingsOwner['change'];
};

/**
 * The settings that the window shows. A recorder of the window's own folder reads the same file, so they are those of the file.
 * Of a recorder with another folder, they are the recorder's, except how the window looks and notifies.
 */
export function createShownSettings(owner: SettingsOwner, followed: () => CollectorStatus['recorder']): ShownSettings {
  let theirs: Settings | undefined;
  const elsewhere = () => {
    const recorder = followed();
    return recorder?.ownFolder === false ? recorder : undefined;
  };

  return {
    settings: () => (theirs && elsewhere() ? followedSettings(theirs, owner.settings()) : owner.settings()),
    report() {
      const recorder = elsewhere();
      if (!recorder) return owner.report();
      return { file: settingsFile(recorder.dataFolder), problems: [], former: [], suspended: [] };
    },
    follow: (settings) => void (theirs = settings),
    change(change) {
      const allowed = mayChange(change);
      return allowed.ok ? owner.change(change) : allowed;
    },
    mayChange,
  };

  function mayChange(change: Partial<Settings>): Result<undefined> {
    const recorder = elsewhere();
    if (!recorder || isPersonal(change)) return ok(undefined);
    const file = settingsFile(recorder.dataFolder);
    return recorder.scope === 'system'
      ? err('forbidden', text('attached.readOnly'), text('attached.readOnlyMore', { file }))
      : err('forbidden', text('attached.otherFolder'), text('attached.otherFolderMore', { file }));
  }
}
