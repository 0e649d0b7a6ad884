import type { GpuProcess } from '../source.ts';
import type { Argument, NativeCall, Parameter } from './library.ts';
import { NVML_INSUFFICIENT_SIZE, NVML_SUCCESS } from './return-codes.ts';

export type Bind = (symbol: string, parameters: readonly Parameter[]) => NativeCall | undefined;

/** nvmlProcessInfo_t, newest first: pid at 0, memory at 8; the first version is shorter. */
const versions = [
  { suffix: '_v3', stride: 24 },
  { suffix: '_v2', stride: 24 },
  { suffix: '', stride: 16 },
] as const;
const kinds = ['nvmlDeviceGetComputeRunningProcesses', 'nvmlDeviceGetGraphicsRunningProcesses'] as const;
const NOT_AVAILABLE = 2n ** 64n - 1n; // memory of a process under WDDM
const NAME_SIZE = 256;

function list(call: NativeCall, device: number, stride: number): { pid: number; vramBytes?: number }[] | undefined {
  const count = new ArrayBuffer(4);
  const view = new DataView(count);
  // asked with no room, NVML answers how much is needed; a few more may start meanwhile
  let code = call(device, count, new ArrayBuffer(0));
  if (code === NVML_SUCCESS) return [];
  if (code !== NVML_INSUFFICIENT_SIZE) return undefined;
  const room = 2 * view.getUint32(0, true) + 5;
  const entries = new ArrayBuffer(room * stride);
  view.setUint32(0, room, true);
  code = call(device, count, entries);
  if (code !== NVML_SUCCESS) return undefined;
  const data = new DataView(entries);
  return Array.from({ length: Math.min(room, view.getUint32(0, true)) }, (_, i) => {
    const used = data.getBigUint64(i * stride + 8, true);
    return { pid: data.getUint32(i * stride, true), ...(used === NOT_AVAILABLE ? {} : { vramBytes: Number(used) }) };
  });
}

/** The processes on a GPU, or undefined when the driver does not tell. A process that draws and computes comes once. */
export function readProcesses(bind: Bind, device: number): GpuProcess[] | undefined {
  const parameters: Parameter[] = ['device', 'out', 'out'];
  const found = new Map<number, GpuProcess>();
  let told = false;
  for (const kind of kinds) {
    for (const { suffix, stride } of versions) {
      const call = bind(`${kind}${suffix}`, parameters);
      if (!call) continue;
      const listed = list(call, device, stride);
      told ||= listed !== undefined;
      for (const entry of listed ?? []) found.set(entry.pid, { ...entry, name: nameOf(bind, entry.pid) });
      break;
    }
  }
  return told ? [...found.values()] : undefined;
}

function nameOf(bind: Bind, pid: number): string {
  const buffer = new ArrayBuffer(NAME_SIZE);
  const args: Argument[] = [pid, buffer, NAME_SIZE];
  if (bind('nvmlSystemGetProcessName', ['uint', 'out', 'uint'])?.(...args) !== NVML_SUCCESS) return '';
  const bytes = new Uint8Array(buffer);
  const end = bytes.indexOf(0);
  return String.fromCharCode(...bytes.subarray(0, end < 0 ? NAME_SIZE : end));
}
