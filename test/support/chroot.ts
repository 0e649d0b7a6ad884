import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/** Runs a command where the kernel refuses user namespaces: in a chroot, here to all of the machine's own files. */
export function inChroot(...command: readonly string[]) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'slowburn-chroot-'));
  const enter =
    'mount --rbind / "$1" && folder=$PWD && exec chroot "$1" sh -c \'cd "$0" && exec "$@"\' "$folder" "${@:2}"';
  const result = spawnSync(
    'unshare',
    ['--user', '--map-current-user', '--keep-caps', '--mount', 'bash', '-c', enter, 'bash', folder, ...command],
    { encoding: 'utf8', timeout: 30_000 },
  );
  fs.rmdirSync(folder);
  return result;
}
