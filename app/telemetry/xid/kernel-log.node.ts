import fs from 'node:fs';
import os from 'node:os';
import { parseKernelXid } from './kernel-log.ts';

export type KernelLogEvent = {
  readonly slot: string;
  readonly code: number;
  readonly text: string;
  readonly tsMs: number;
};

export type KernelLog = {
  /** What was written since the last call; the first tells what the kernel still remembers. Never waits. */
  readonly take: () => KernelLogEvent[];
  readonly close: () => void;
};

const RECORD_SIZE = 8192; // the kernel cuts records at this length
const MOST_A_CALL = 20_000; // the whole of a kernel's memory

/**
 * Opens the kernel's log as a second witness for XID errors. Undefined where it cannot be read: another system, or a
 * kernel that shows its log to root alone (kernel.dmesg_restrict).
 */
export function openKernelLog(file = '/dev/kmsg'): KernelLog | undefined {
  let descriptor: number;
  try {
    descriptor = fs.openSync(file, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
  } catch {
    return undefined; // the caller says so where it matters: NVML is the first witness
  }
  const buffer = Buffer.alloc(RECORD_SIZE);

  /** One record; '' for one that was overwritten before it was read; undefined when there is none. */
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
      const bootMs = Date.now() - os.uptime() * 1000;
      const events: KernelLogEvent[] = [];
      for (let i = 0; i < MOST_A_CALL; i++) {
        const chunk = next();
        if (chunk === undefined) break;
        for (const record of chunk.split('\n')) {
          const xid = parseKernelXid(record);
          if (xid) events.push({ slot: xid.slot, code: xid.code, text: xid.text, tsMs: bootMs + xid.uptimeUs / 1000 });
        }
      }
      return events;
    },
    close: () => fs.closeSync(descriptor),
  };
}
