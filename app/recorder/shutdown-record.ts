// What the system wrote about its shutdowns and starts: /var/log/wtmp (utmp(5)).

/** Whether the machine was shut down between two moments, as far as its own record says. */
export type Shutdown = {
  /** unknown: there is no record, or it does not reach that far */
  readonly recorded: 'shutdown' | 'none' | 'unknown';
  /** when the machine was started next; undefined: not recorded */
  readonly startedMs?: number;
};

/** struct utmp of glibc where times are kept at 32 bits (x86, arm). */
const SIZE = 384;
const [TYPE, USER, SECONDS] = [0, 44, 340];
const USER_LENGTH = 32;
const [RUN_LEVEL, BOOT] = [1, 2];
/** The record is stamped when the shutdown begins its last step; stamps are whole seconds. */
const BEFORE_MS = 5_000;

type Entry = { readonly tsMs: number; readonly what: 'shutdown' | 'boot' };

/** Starts and shutdowns in the order of the file. `reboot` and `halt` are written as "shutdown" too. */
function* entriesOf(bytes: Uint8Array): Generator<Entry> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at + SIZE <= bytes.length; at += SIZE) {
    const type = view.getUint16(at + TYPE, true);
    const tsMs = view.getInt32(at + SECONDS, true) * 1000;
    if (type === BOOT) yield { tsMs, what: 'boot' };
    else if (type === RUN_LEVEL) {
      const name = bytes.subarray(at + USER, at + USER + USER_LENGTH);
      if (String.fromCharCode(...name).startsWith('shutdown')) yield { tsMs, what: 'shutdown' };
    }
  }
}

/**
 * What a wtmp file says about the end of a boot that was still running at `sinceMs`.
 * @param bytes the end of the file: whole records
 */
export function shutdownSince(bytes: Uint8Array, sinceMs: number): Shutdown {
  for (const { tsMs, what } of entriesOf(bytes)) {
    if (tsMs < sinceMs - BEFORE_MS) continue;
    if (what === 'shutdown') return { recorded: 'shutdown' };
    return { recorded: 'none', startedMs: tsMs };
  }
  return { recorded: 'unknown' };
}
