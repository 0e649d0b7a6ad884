import type { MigInstance } from '../source.ts';
import { textIn, type Symbols } from './library.ts';
import { NVML_SUCCESS } from './return-codes.ts';

const UUID_SIZE = 96;

/**
 * The instances of a card in MIG mode: slots that are empty answer NOT_FOUND. Their utilisation is not measurable.
 * @returns undefined when the driver does not tell
 */
export function readMig({ callFirst }: Symbols, device: number): MigInstance[] | undefined {
  const count = new ArrayBuffer(4);
  const code = callFirst(['nvmlDeviceGetMaxMigDeviceCount'], ['device', 'out'], [device, count]);
  if (code !== NVML_SUCCESS) return undefined;
  const found: MigInstance[] = [];
  for (let index = 0; index < new DataView(count).getUint32(0, true); index++) {
    const out = new ArrayBuffer(8);
    const opened = callFirst(['nvmlDeviceGetMigDeviceHandleByIndex'], ['device', 'uint', 'out'], [device, index, out]);
    if (opened !== NVML_SUCCESS) continue;
    const instance = Number(new DataView(out).getBigUint64(0, true));
    const uuid = new ArrayBuffer(UUID_SIZE);
    const named = callFirst(['nvmlDeviceGetUUID'], ['device', 'out', 'uint'], [instance, uuid, UUID_SIZE]);
    const memory = new ArrayBuffer(24); // total, free, used
    const measured = callFirst(['nvmlDeviceGetMemoryInfo'], ['device', 'out'], [instance, memory]);
    const view = new DataView(memory);
    found.push({
      index,
      ...(named === NVML_SUCCESS ? { uuid: textIn(uuid) } : {}),
      ...(measured === NVML_SUCCESS
        ? { vramTotalBytes: Number(view.getBigUint64(0, true)), vramUsedBytes: Number(view.getBigUint64(16, true)) }
        : {}),
    });
  }
  return found;
}
