import { createHash } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { readRecorder } from '../../core/recorder-note.node.ts';
import type { Rights, Scope } from './wire.ts';

/** A socket on which a recorder answers, or could. */
export type Place = {
  /** its file; on Windows, the name of a pipe */
  readonly path: string;
  readonly scope: Scope;
  /** what a connection there may do */
  readonly may: Rights;
};

const WRITABLE_BY_OTHERS = 0o022;
const STICKY = 0o1000;
/** sun_path of unix(7), less the final NUL. macOS has four bytes less. */
const LONGEST_PATH = process.platform === 'darwin' ? 103 : 107;

export const fits = (file: string): boolean => Buffer.byteLength(file) <= LONGEST_PATH;

/** Where the machine's recorder has its sockets: systemd makes it for the unit (RuntimeDirectory=). */
export const systemFolder = (environment: NodeJS.ProcessEnv = process.env): string =>
  path.resolve(environment['SLOWBURN_SYSTEM_DIR'] || '/run/slowburn');

/** The machine's recorder is the service to which the service manager gave that folder. */
export const scopeOfThis = (startedBy: string, environment: NodeJS.ProcessEnv = process.env): Scope =>
  startedBy === 'service' && environment['RUNTIME_DIRECTORY']?.split(':').includes(systemFolder(environment))
    ? 'system'
    : 'user';

/** Where the machine's recorder answers. The control socket comes first: who may not open it gets the other. */
export const systemPlaces = (environment: NodeJS.ProcessEnv = process.env): readonly Place[] =>
  process.platform === 'win32'
    ? []
    : (['control', 'read'] as const).map((may) => ({
        path: path.join(systemFolder(environment), `${may}.sock`),
        scope: 'system',
        may,
      }));

/** A data folder in a few characters. By its real path: it may be reached by several. */
function nameOf(folder: string): string {
  let real = path.resolve(folder);
  try {
    real = fs.realpathSync(real);
  } catch {
    // it is being made
  }
  return createHash('sha256').update(real).digest('hex').slice(0, 16);
}

/** Only its owner may change what is in it. */
function isGuarded(folder: string): boolean {
  const stat = fs.lstatSync(folder, { throwIfNoEntry: false });
  if (!stat?.isDirectory()) return false;
  return stat.uid === process.getuid?.() && (stat.mode & WRITABLE_BY_OTHERS) === 0;
}

/** A private folder for sockets; undefined: there is none, and none can be made. */
function privateFolder(folder: string): string | undefined {
  try {
    fs.mkdirSync(folder, { mode: 0o700 });
  } catch {
    // it exists, or its parent does not
  }
  return isGuarded(folder) ? folder : undefined;
}

/**
 * Where the recorder of a data folder answers its own user: the user's runtime folder, else the data folder, else a
 * private folder among the temporary files (a data folder whose path is too long for a socket, or that others may change).
 * Undefined: nowhere. One recorder has one place; others find it in the recorder's note.
 */
export function userPlace(dataFolder: string, environment: NodeJS.ProcessEnv = process.env): Place | undefined {
  const name = nameOf(dataFolder);
  const place = (file: string): Place => ({ path: file, scope: 'user', may: 'control' });
  if (process.platform === 'win32') return place(`\\\\.\\pipe\\slowburn-${name}`);
  const runtime = environment['XDG_RUNTIME_DIR'];
  const candidates: readonly (() => string | undefined)[] = [
    () => (runtime && path.isAbsolute(runtime) && isGuarded(runtime) ? path.join(runtime, 'slowburn') : undefined),
    () => dataFolder,
    () => path.join(os.tmpdir(), `slowburn-${process.getuid?.()}`),
  ];
  for (const candidate of candidates) {
    const folder = candidate();
    if (folder === undefined) continue;
    const file = path.join(folder, folder === dataFolder ? 'recorder.sock' : `${name}.sock`);
    if (fits(file) && privateFolder(folder)) return place(file);
  }
  return undefined;
}

/**
 * Whether a socket's file is what it should be: of our own user, or, in the machine's folder, of the user that owns that
 * folder (or of root). No other user may have been able to put it there.
 */
export function isTrusted({ path: file, scope }: Place): boolean {
  if (process.platform === 'win32') return true; // the pipe's own access list decides
  try {
    const socket = fs.lstatSync(file);
    const folder = fs.lstatSync(path.dirname(file));
    if (!socket.isSocket() || !folder.isDirectory()) return false;
    if ((folder.mode & WRITABLE_BY_OTHERS) !== 0 && (folder.mode & STICKY) === 0) return false;
    const owner = scope === 'system' ? folder.uid : process.getuid?.();
    return socket.uid === owner || (scope === 'system' && socket.uid === 0);
  } catch {
    return false; // it is not there
  }
}

/** Where to look for the recorder of a data folder: as its note says. Empty: none runs there, or it has no socket. */
export function folderPlaces(dataFolder: string): readonly Place[] {
  const socket = readRecorder(dataFolder)?.socket;
  if (socket === undefined) return [];
  const system = systemPlaces().find(({ path: file }) => file === socket);
  return [system ?? { path: socket, scope: 'user', may: 'control' }];
}
