import fs from 'node:fs';
import { err, messageOf, ok, type Result } from './result.ts';

const MIB = 2 ** 20;

function kindOf(stat: fs.Stats): string {
  if (stat.isDirectory()) return 'a folder';
  if (stat.isFIFO()) return 'a named pipe';
  if (stat.isSocket()) return 'a socket';
  return stat.isCharacterDevice() || stat.isBlockDevice() ? 'a device' : 'no regular file';
}

/**
 * Reads a file that a person may have put there: only a regular file, and only up to a size. A pipe would wait for ever,
 * a device has no end. The type is checked before the file is opened and again on what was opened.
 * @returns undefined where there is no such file
 */
export function readSmallFile(file: string, mostBytes: number): Result<Buffer | undefined> {
  const refuse = (why: string, next: string) => err('settings-unreadable', `${file} ${why}`, next);
  const check = (stat: fs.Stats) => {
    if (!stat.isFile()) return refuse(`is ${kindOf(stat)} and was not read.`, 'Replace it with a regular file.');
    if (stat.size <= mostBytes) return undefined;
    const size = `${Math.ceil(stat.size / MIB)} MiB`;
    return refuse(`is ${size} large and was not read; the limit is ${mostBytes / MIB} MiB.`, 'Replace it with a smaller file.'); // prettier-ignore
  };
  let handle: number | undefined;
  try {
    const named = fs.statSync(file, { throwIfNoEntry: false });
    if (!named) return ok(undefined);
    const refused = check(named);
    if (refused) return refused;
    handle = fs.openSync(file, fs.constants.O_RDONLY | (fs.constants.O_NONBLOCK ?? 0));
    const refusedNow = check(fs.fstatSync(handle));
    if (refusedNow) return refusedNow;
    const room = Buffer.alloc(mostBytes + 1); // a file that grows meanwhile is cut off, then refused
    let length = 0;
    for (let read = -1; read !== 0 && length < room.length; length += read)
      read = fs.readSync(handle, room, length, room.length - length, null);
    if (length > mostBytes) return refuse('grew while it was read.', 'Try again when it is complete.');
    return ok(Buffer.from(room.subarray(0, length)));
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return ok(undefined);
    return refuse(`cannot be read: ${messageOf(thrown)}.`, 'Make it readable for your user.');
  } finally {
    if (handle !== undefined) fs.closeSync(handle);
  }
}
