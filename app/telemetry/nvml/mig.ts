import type { MigInstance } from '../source.ts';
import { textIn, type Symbols } from './library.ts';
import { NVML_NOT_FOUND, NVML_SUCCESS } from './return-codes.ts';

/** The instances of a card, or the NVML code with which they could not be read: a partial list would be wrong. */
export type MigAnswer = { readonly code: number; readonly instances: readonly MigInstance[] | undefined };

const UUID_SIZE = 96;
const MOST = 64; // nvml.h: NVML_MAX_GPU_COMPUTE_INSTANCES is far below; a card offers 7

const failed = (code: number): MigAnswer => ({ code, instances: undefined });

/** Reads the instances of a card in MIG mode: slots that are empty answer NOT_FOUND. */
export function readMig({ callFirst }: Symbols, device: number): MigAnswer {
  const count = new ArrayBuffer(4);
  const counted = callFirst(['nvmlDeviceGetMaxMigDeviceCount'], ['device', 'out'], [device, count]);
  if (counted !== NVML_SUCCESS) return failed(counted);
  const slots = Math.min(MOST, new DataView(count).getUint32(0, true));
  const instances: MigInstance[] = [];
  for (let index = 0; index < slots; index++) {
    const out = new ArrayBuffer(8);
    const opened = callFirst(['nvmlDeviceGetMigDeviceHandleByIndex'], ['device', 'uint', 'out'], [device, index, out]);
    if (opened === NVML_NOT_FOUND) continue;
    if (opened !== NVML_SUCCESS) return failed(opened);
    const instance = Number(new DataView(out).getBigUint64(0, true));
    const uuid = new ArrayBuffer(UUID_SIZE);
    const named = callFirst(['nvmlDeviceGetUUID'], ['device', 'out', 'uint'], [instance, uuid, UUID_SIZE]);
    const memory = new ArrayBuffer(24); // total, free, used
    const measured = callFirst(['nvmlDeviceGetMemoryInfo'], ['device', 'out'], [instance, memory]);
    const view = new DataView(memory);
    instances.push({
      index,
      ...(named === NVML_SUCCESS ? { uuid: textIn(uuid) } : {}),
      ...(measured === NVML_SUCCESS
        ? { vramTotalBytes: Number(view.getBigUint64(0, true)), vramUsedBytes: Number(view.getBigUint64(16, true)) }
        : {}),
    });
  }
  return { code: NVML_SUCCESS, instances };
}
