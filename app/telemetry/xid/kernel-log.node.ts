import fs from 'node:fs';
import os from 'node:os';
import { createXidScanner } from './kernel-log.ts';

export type KernelLogEvent = {
  readonly slot: string;
  readonly code: number;
  readonly text: string;
  readonly tsMs: number;
};

export type KernelLog = {
  /** XID errors since the last call; the first call returns what the kernel still remembers. Never waits. */
  readonly take: () => KernelLogEvent[];
  readonly close: () => void;
};

const RECORD_SIZE = 8192; // the kernel cuts records at this length
const MOST_A_CALL = 20_000; // the whole of a kernel's memory
const SUSPENDED_S = 5; // a smaller difference only means that the two clocks are not read at the same instant

/**
 * Opens the kernel's log as a second witness for XID errors. Undefined where it cannot be read: another system, or a
 * kernel that shows its log to root alone (kernel.dmesg_restrict).
 */
export function openKernelLog(file = '/dev/kmsg'): KernelLog | undefined {
  let descriptor: number;
  try {
    descriptor = fs.openSync(file, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
  } catch {
    return undefined; // NVML reports XID errors too; `slowburn doctor` mentions it
  }
  const scan = createXidScanner();
  const buffer = Buffer.alloc(RECORD_SIZE);
  let rest = ''; // of a record that the buffer cut off; a kernel returns one whole record per read, a file does not
  let remembered = true;

  /** One record; '' if it was overwritten before it was read; undefined if there is none. */
  function next(): string | undefined {
    try {
      const length = fs.readSync(descriptor, buffer, 0, RECORD_SIZE, null);
      return length === 0 ? undefined : buffer.toString('utf8', 0, length);
    } catch (thrown) {
      return (thrown as NodeJS.ErrnoException).code === 'EPIPE' ? '' : undefined; // EAGAIN: nothing new
    }
  }

  return {
    take() {
      // the kernel's stamps pause in suspend, and so does this clock: new records get the right date, but a record from
      // before a suspend cannot be dated, and is not reported
      const monoMs = Number(process.hrtime.bigint()) / 1e6;
      const bootMs = Date.now() - monoMs;
      const datable = !remembered || os.uptime() - monoMs / 1000 < SUSPENDED_S;
      remembered = false;
      const events: KernelLogEvent[] = [];
      for (let i = 0; i < MOST_A_CALL; i++) {
        const chunk = next();
        if (chunk === undefined) break;
        const records = `${rest}${chunk}`.split('\n');
        rest = records.pop() ?? '';
        for (const record of records) {
          const xid = scan(record);
          if (xid && datable)
            events.push({ slot: xid.slot, code: xid.code, text: xid.text, tsMs: bootMs + xid.uptimeUs / 1000 });
        }
      }
      return events;
    },
    close: () => fs.closeSync(descriptor),
  };
}
