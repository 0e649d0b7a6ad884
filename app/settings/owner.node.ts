import fs from 'node:fs';
import type { Result } from '../core/result.ts';
import { copyAside, establishSettings, loadSettings, saveChange, type LoadedSettings } from './file.node.ts';
import type { SettingsReport } from './read-settings.ts';
import { settingsFile } from '../core/folders.node.ts';
import type { Settings } from './settings.ts';

export type SettingsOwner = {
  readonly settings: () => Settings;
  readonly report: () => SettingsReport;
  /** Writes a change on top of what is on the disk now. */
  readonly change: (change: Partial<Settings>) => Result<void>;
  readonly close: () => void;
};

/**
 * How often the file is looked at. Asking its state is one system call; watching the folder would wake this process with
 * every write to the history, and hears nothing of network and bind mounts.
 */
const LOOK_MS = 1_000;

/** A state of a file that changes with every way of writing it: in place, by replacing it, by another link. */
function markOf(file: string): string {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs, mode } = fs.statSync(file, { bigint: true });
    return [dev, ino, size, mtimeNs, ctimeNs, mode].join();
  } catch (thrown) {
    return String((thrown as NodeJS.ErrnoException).code);
  }
}

/**
 * The one owner of a data folder's settings: it alone reads and writes the file, and whoever uses settings hears of each
 * change from it. A change that somebody else makes to the file is taken once the file has been still from one look to the next,
 * so that a half-written file is not read.
 */
export function openSettings(folder: string, onChange: () => void): SettingsOwner {
  const file = settingsFile(folder);
  establishSettings(folder);
  let mark = '';
  let loaded: LoadedSettings;
  let report: SettingsReport;

  function load(): void {
    mark = markOf(file); // before reading: a change while it is read is seen at the next look
    loaded = loadSettings(folder);
    const copied = copyAside(loaded);
    const { problems, former, suspended } = loaded;
    report = {
      file,
      problems,
      former,
      suspended,
      ...(copied.ok && copied.value !== undefined && { copy: copied.value }),
    };
  }
  load();

  let seen = mark;
  const timer = setInterval(() => {
    const now = markOf(file);
    const still = now === seen;
    seen = now;
    if (now === mark || !still) return;
    load();
    onChange();
  }, LOOK_MS);
  timer.unref();

  return {
    settings: () => loaded.settings,
    report: () => report,
    change(change) {
      load(); // what somebody changed since the last look stays
      const saved = saveChange(loaded!, change);
      load();
      seen = mark; // our own change is no news
      onChange();
      return saved;
    },
    close: () => clearInterval(timer),
  };
}
