import type { Symbols } from './library.ts';
import { NVML_SUCCESS } from './return-codes.ts';

/** An XID error as NVML reports it: the GPU's handle and the code. */
export type NvmlEvent = { readonly device: number; readonly xid: number };

export type EventWatch = {
  /** What has happened since the last call. Never waits. */
  readonly take: () => NvmlEvent[];
  readonly close: () => void;
};

const XID_CRITICAL = 0x8n; // nvmlEventTypeXidCriticalError
const MOST_A_CALL = 64; // a card in a storm of errors must not keep the reader
const none: EventWatch = { take: () => [], close: () => undefined };

/**
 * Watches some GPUs for XID errors. Linux only: on Windows no GPU supports the event, and nothing is ever reported.
 * Events from before this call are not reported.
 */
export function watchEvents({ bind, callFirst }: Symbols, devices: readonly number[]): EventWatch {
  const created = new ArrayBuffer(8);
  if (callFirst(['nvmlEventSetCreate'], ['out'], [created]) !== NVML_SUCCESS) return none;
  const set = Number(new DataView(created).getBigUint64(0, true));
  const close = (): void => void callFirst(['nvmlEventSetFree'], ['device'], [set]);
  const registered = devices.filter((device) => {
    const supported = new ArrayBuffer(8);
    const code = callFirst(['nvmlDeviceGetSupportedEventTypes'], ['device', 'out'], [device, supported]);
    if (code !== NVML_SUCCESS || !(new DataView(supported).getBigUint64(0, true) & XID_CRITICAL)) return false;
    const parameters = ['device', 'ulonglong', 'device'] as const;
    return callFirst(['nvmlDeviceRegisterEvents'], parameters, [device, XID_CRITICAL, set]) === NVML_SUCCESS;
  });
  const wait =
    bind('nvmlEventSetWait_v2', ['device', 'out', 'uint']) ?? bind('nvmlEventSetWait', ['device', 'out', 'uint']);
  if (registered.length === 0 || !wait) {
    close();
    return none;
  }
  const out = new ArrayBuffer(32); // nvmlEventData_t: device 0, type 8, data 16
  const view = new DataView(out);
  return {
    close,
    take() {
      const events: NvmlEvent[] = [];
      // with no time to wait, an empty set answers TIMEOUT
      for (let i = 0; i < MOST_A_CALL && wait(set, out, 0) === NVML_SUCCESS; i++) {
        if (view.getBigUint64(8, true) !== XID_CRITICAL) continue;
        events.push({ device: Number(view.getBigUint64(0, true)), xid: Number(view.getBigUint64(16, true)) });
      }
      return events;
    },
  };
}
