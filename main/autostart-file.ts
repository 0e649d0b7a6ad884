import os from 'node:os';
import path from 'node:path';

/** A program and its arguments; the first is a path. */
export type StartCommand = readonly [program: string, ...args: string[]];

/** Where desktops look for what starts at login (Desktop Application Autostart Specification). */
export function autostartFile(environment: NodeJS.ProcessEnv, home = os.homedir()): string {
  const { XDG_CONFIG_HOME: folder = '' } = environment;
  const config = path.isAbsolute(folder) ? folder : path.join(home, '.config'); // a relative one is to be ignored
  return path.join(config, 'autostart', 'slowburn.desktop');
}

/** Within a string of a desktop entry, a backslash begins an escape. */
const escapes: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\t': '\\t', '\r': '\\r' };

/**
 * An argument of Exec (Desktop Entry Specification, "The Exec key"): quoted, with a backslash before what a shell would
 * take, `%` doubled because it begins a field code, and then escaped as a string.
 */
const quoted = (arg: string): string =>
  `"${arg.replace(/["`$\\]/g, '\\$&').replaceAll('%', '%%')}"`.replace(/[\\\n\t\r]/g, (char) => escapes[char]!);

/**
 * The specification forbids `=` in the program's path, and GLib looks for the program before it undoes `%%`. Such a path is
 * an argument of a shell that becomes the program.
 */
const startable = (command: StartCommand): StartCommand =>
  /[=%]/.test(command[0]) ? ['sh', '-c', 'exec "$0" "$@"', ...command] : command;

/** The file that starts Slowburn at login. */
export const autostartEntry = (command: StartCommand, name: string, comment: string): string =>
  [
    '[Desktop Entry]',
    'Type=Application',
    `Name=${name}`,
    `Comment=${comment}`,
    `Exec=${startable(command).map(quoted).join(' ')}`,
    'Terminal=false',
    'StartupNotify=false',
    '',
  ].join('\n');

/** Whether a file starts its program: desktops switch one off by a key, and leave it where it is. */
export const isSwitchedOn = (entry: string): boolean =>
  !/^Hidden\s*=\s*true\s*$/m.test(entry) && !/^X-GNOME-Autostart-enabled\s*=\s*false\s*$/m.test(entry);

/** How a file starts its program. */
export const execOf = (entry: string | undefined): string | undefined => /^Exec=(.*)$/m.exec(entry ?? '')?.[1];
