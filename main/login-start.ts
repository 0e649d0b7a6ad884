import fs from 'node:fs';
import path from 'node:path';
import { app } from 'electron';
import { writeAtomically } from '../app/core/atomic-write.node.ts';
import { makeFolder } from '../app/core/folders.node.ts';
import { text } from '../app/core/i18n.ts';
import { trimmedEnd } from '../app/core/text-end.ts';
import { err, messageOf, ok, type Result } from '../app/core/result.ts';
import { autostartEntry, autostartFile, execOf, isSwitchedOn, type StartCommand } from './autostart-file.ts';

/** Whether the system starts Slowburn at login. The system is asked: a person may have changed it there. */
export type LoginStart = {
  readonly isOn: () => boolean;
  /** @param hidden in the tray, without a window */
  readonly set: (on: boolean, hidden: boolean) => Result<undefined>;
  /** After a change of that setting. What another Slowburn, or one with another data folder, arranged stays. */
  readonly follow: (hidden: boolean) => void;
};

/** How this very Slowburn is started: its package, or this checkout by its Electron. */
function startCommand(dataFolder: string, hidden: boolean): StartCommand {
  const options = [...(hidden ? ['--hidden'] : []), '--data-dir', dataFolder]; // a login may lack SLOWBURN_DATA_DIR
  if (!app.isPackaged) return [process.execPath, app.getAppPath(), ...options];
  const image = process.env['APPIMAGE']; // where it is mounted now is not where it will be
  // beside the executable, the script that explains when Chromium's sandbox cannot start
  const script = path.join(path.dirname(process.execPath), 'slowburn');
  const isScript = process.platform === 'linux' && fs.existsSync(script);
  return [image ?? (isScript ? script : process.execPath), ...options];
}

function xdgStart(dataFolder: string): LoginStart {
  const file = autostartFile(process.env);
  const read = (): string | undefined => {
    try {
      return fs.readFileSync(file, 'utf8');
    } catch {
      return undefined; // missing, or not readable: no desktop starts it then
    }
  };
  const entryWith = (hidden: boolean): string =>
    autostartEntry(startCommand(dataFolder, hidden), text('app.name'), text('main.login.comment'));
  const start: LoginStart = {
    isOn() {
      const entry = read();
      return entry !== undefined && isSwitchedOn(entry);
    },
    follow(hidden) {
      if (start.isOn() && execOf(read()) === execOf(entryWith(!hidden))) start.set(true, hidden);
    },
    set(on, hidden) {
      const entry = entryWith(hidden);
      try {
        if (!on) fs.rmSync(file, { force: true });
        else if (entry !== read()) {
          makeFolder(path.dirname(file));
          writeAtomically(file, entry);
        }
        return ok(undefined);
      } catch (thrown) {
        return err(
          'write-failed',
          text('main.login.failed', { file, why: messageOf(thrown) }),
          text('main.login.next'),
        );
      }
    },
  };
  return start;
}

/** A word of a command line of Windows; its paths hold no quotes, and a backslash before the last quote would escape it. */
function windowsWord(word: string): string {
  const end = word.slice(trimmedEnd(word, '\\').length);
  return `"${word}${end}"`;
}

function systemStart(dataFolder: string): LoginStart {
  const settingsOf = (hidden: boolean) => {
    const [program, ...args] = startCommand(dataFolder, hidden);
    return { path: program, args: args.map(windowsWord) };
  };
  const startsWith = (hidden: boolean): boolean => app.getLoginItemSettings(settingsOf(hidden)).openAtLogin;
  const set: LoginStart['set'] = (on, hidden) => {
    app.setLoginItemSettings({ openAtLogin: on, ...settingsOf(hidden) });
    return ok(undefined);
  };
  return {
    isOn: () => startsWith(true) || startsWith(false),
    follow: (hidden) => void (startsWith(!hidden) && set(true, hidden)),
    set,
  };
}

export const openLoginStart = (dataFolder: string): LoginStart =>
  process.platform === 'linux' ? xdgStart(dataFolder) : systemStart(dataFolder);

/** Whether the system has just started Slowburn at login. macOS passes no arguments, so it is asked. */
export const startedByLogin = (): boolean =>
  process.platform === 'darwin' && app.getLoginItemSettings().wasOpenedAtLogin;
