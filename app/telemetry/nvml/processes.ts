import type { GpuProcess } from '../source.ts';
import { textIn, type NativeCall, type Symbols } from './library.ts';
import { createProcessLoads } from './process-loads.ts';
import { NVML_INSUFFICIENT_SIZE, NVML_SUCCESS, returnCode } from './return-codes.ts';

/** nvmlProcessInfo_t, newest first: pid at 0, memory at 8; the first version is shorter. */
const versions = [
  { suffix: '_v3', strides: [24, 32] },
  { suffix: '_v2', strides: [24] },
  { suffix: '', strides: [16] },
] as const;
const MAX_STRIDE = 32;
const kinds = [
  { name: 'nvmlDeviceGetComputeRunningProcesses', type: 'compute' },
  { name: 'nvmlDeviceGetGraphicsRunningProcesses', type: 'graphics' },
] as const;
const NOT_AVAILABLE = 2n ** 64n - 1n; // memory of a process under WDDM
const NAME_SIZE = 256;
const MOST_PROCESSES = 65_536; // a larger number was misread

type Entry = { readonly pid: number; readonly vramBytes?: number };

/** Whether a number can be a PID: neither 0 nor all ones. */
const plausible = (pid: number): boolean => pid > 0 && pid < 0xffffffff;

/**
 * The entries of a list. Drivers 535.43 to 536 made them 32 bytes long under the same name, later ones 24 again; with
 * the wrong length process numbers come out as 0 or all ones, which tells the two apart.
 */
function entriesOf(data: DataView, count: number, strides: readonly number[]): Entry[] | undefined {
  for (const stride of strides) {
    const entries = Array.from({ length: count }, (_, i): Entry => {
      const used = data.getBigUint64(i * stride + 8, true);
      const pid = data.getUint32(i * stride, true);
      return used === NOT_AVAILABLE ? { pid } : { pid, vramBytes: Number(used) };
    });
    if (entries.every(({ pid }) => plausible(pid))) return entries;
  }
  return undefined;
}

/** The entries of one kind; undefined if the driver does not report them now. */
function list(call: NativeCall, device: number, strides: readonly number[]): Entry[] | 'unsupported' | undefined {
  const count = new ArrayBuffer(4);
  const view = new DataView(count);
  // asked with no room, NVML answers how much is needed; a few more may start meanwhile
  let code = call(device, count, new ArrayBuffer(0));
  if (code === NVML_SUCCESS) return [];
  if (code !== NVML_INSUFFICIENT_SIZE) return returnCode(code).means === 'unsupported' ? 'unsupported' : undefined;
  const needed = view.getUint32(0, true);
  if (needed > MOST_PROCESSES) return undefined;
  const room = 2 * needed + 5;
  const entries = new ArrayBuffer(room * MAX_STRIDE);
  view.setUint32(0, room, true);
  code = call(device, count, entries);
  if (code !== NVML_SUCCESS) return undefined;
  return entriesOf(new DataView(entries), Math.min(room, view.getUint32(0, true)), strides);
}

/** Reads the processes of one GPU, remembering which utilisation samples it has seen. */
export type ProcessReader = () => GpuProcess[] | undefined;

/** @returns a reader that returns undefined if the driver does not report processes */
export function createProcessReader({ bind, callFirst }: Symbols, device: number): ProcessReader {
  const smShares = createProcessLoads(bind, device);

  function nameOf(pid: number): string {
    const buffer = new ArrayBuffer(NAME_SIZE);
    const code = callFirst(['nvmlSystemGetProcessName'], ['uint', 'out', 'uint'], [pid, buffer, NAME_SIZE]);
    return code === NVML_SUCCESS ? textIn(buffer) : '';
  }

  return () => {
    const found = new Map<number, GpuProcess>();
    let reported = false;
    for (const { name, type } of kinds) {
      const version = versions.find(({ suffix }) => bind(`${name}${suffix}`, ['device', 'out', 'out']));
      if (!version) continue;
      const listed = list(bind(`${name}${version.suffix}`, ['device', 'out', 'out'])!, device, version.strides);
      if (!listed) return undefined; // half a list would be a wrong one
      if (listed === 'unsupported') continue;
      reported = true;
      for (const entry of listed) {
        const both = found.has(entry.pid); // a process that draws and computes is one process
        found.set(entry.pid, { ...entry, name: '', type: both ? 'both' : type });
      }
    }
    if (!reported) return undefined;
    const shares = found.size > 0 ? smShares() : new Map<number, number>();
    return [...found.values()].map((process) => {
      const smPct = shares.get(process.pid);
      return { ...process, name: nameOf(process.pid), ...(smPct === undefined ? {} : { smPct }) };
    });
  };
}
