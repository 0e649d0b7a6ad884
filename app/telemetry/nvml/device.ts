import type { GpuIdentity } from '../source.ts';
import { textIn, type Symbols } from './library.ts';
import { NVML_SUCCESS } from './return-codes.ts';

/** A GPU that the driver lists. If `openCode` is not 0, it could not be opened and has no handle. */
export type OpenedDevice = { readonly handle: number; readonly identity: GpuIdentity; readonly openCode: number };

const NAME_SIZE = 96;
const UUID_SIZE = 96;
const VBIOS_SIZE = 32;
const BUS_ID = { at: 36, size: 32 }; // nvmlPciInfo_t: busId; busIdLegacy is at 0
const PCI_INFO_SIZE = 68;
const UNNAMED = 'NVIDIA GPU';

/** nvmlDeviceArchitecture_t (nvml.h) */
const architectures: Readonly<Record<number, string>> = {
  2: 'Kepler',
  3: 'Maxwell',
  4: 'Pascal',
  5: 'Volta',
  6: 'Turing',
  7: 'Ampere',
  8: 'Ada Lovelace',
  9: 'Hopper',
  10: 'Blackwell',
};

/** "0000:01:00.0" and "00000000:01:00.0" name the same slot: eight digits of domain, in capitals. */
export const normalBusId = (text: string): string =>
  text
    .trim()
    .toUpperCase()
    .replace(/^([0-9A-F]{4}):/, '0000$1:');

function stringOf({ callFirst }: Symbols, symbol: string, handle: number, size: number): string | undefined {
  const out = new ArrayBuffer(size);
  const code = callFirst([symbol], ['device', 'out', 'uint'], [handle, out, size]);
  return code === NVML_SUCCESS ? textIn(out) : undefined;
}

function busIdOf({ callFirst }: Symbols, handle: number): string {
  const out = new ArrayBuffer(PCI_INFO_SIZE);
  if (callFirst(['nvmlDeviceGetPciInfo_v3'], ['device', 'out'], [handle, out]) === NVML_SUCCESS) {
    return textIn(out, BUS_ID.at, BUS_ID.size);
  }
  const legacy = callFirst(['nvmlDeviceGetPciInfo_v2', 'nvmlDeviceGetPciInfo'], ['device', 'out'], [handle, out]);
  return legacy === NVML_SUCCESS ? normalBusId(textIn(out, 0, 16)) : '';
}

function architectureOf({ callFirst }: Symbols, handle: number): string | undefined {
  const out = new ArrayBuffer(4);
  const code = callFirst(['nvmlDeviceGetArchitecture'], ['device', 'out'], [handle, out]);
  return code === NVML_SUCCESS ? architectures[new DataView(out).getUint32(0, true)] : undefined;
}

/** @param busId its slot, where that is known already */
function describe(symbols: Symbols, handle: number, index: number, busId?: string): OpenedDevice {
  const uuid = new ArrayBuffer(UUID_SIZE);
  const openCode = symbols.callFirst(['nvmlDeviceGetUUID'], ['device', 'out', 'uint'], [handle, uuid, UUID_SIZE]);
  const vbios = stringOf(symbols, 'nvmlDeviceGetVbiosVersion', handle, VBIOS_SIZE);
  const architecture = architectureOf(symbols, handle);
  return {
    handle,
    openCode,
    identity: {
      uuid: textIn(uuid),
      index,
      name: stringOf(symbols, 'nvmlDeviceGetName', handle, NAME_SIZE) || UNNAMED,
      pciBusId: busIdOf(symbols, handle) || (busId ?? ''),
      ...(vbios ? { vbios } : {}),
      ...(architecture ? { architecture } : {}),
    },
  };
}

/** Opens the GPU at an index of the driver's own list. */
export function openByIndex(symbols: Symbols, index: number): OpenedDevice {
  const out = new ArrayBuffer(8);
  const names = ['nvmlDeviceGetHandleByIndex_v2', 'nvmlDeviceGetHandleByIndex'];
  const openCode = symbols.callFirst(names, ['uint', 'out'], [index, out]);
  const handle = Number(new DataView(out).getBigUint64(0, true));
  if (openCode === NVML_SUCCESS) return describe(symbols, handle, index);
  return { handle, openCode, identity: { uuid: '', index, name: UNNAMED, pciBusId: '' } };
}

/** Opens the GPU in a PCI slot without touching any other, which may be asleep or hanging. */
export function openByBusId(symbols: Symbols, busId: string, position: number): OpenedDevice {
  const out = new ArrayBuffer(8);
  const names = ['nvmlDeviceGetHandleByPciBusId_v2', 'nvmlDeviceGetHandleByPciBusId'];
  const openCode = symbols.callFirst(names, ['text', 'out'], [busId, out]);
  const handle = Number(new DataView(out).getBigUint64(0, true));
  if (openCode !== NVML_SUCCESS) {
    return { handle, openCode, identity: { uuid: '', index: position, name: UNNAMED, pciBusId: busId } };
  }
  const index = new ArrayBuffer(4);
  const listed = symbols.callFirst(['nvmlDeviceGetIndex'], ['device', 'out'], [handle, index]) === NVML_SUCCESS;
  return describe(symbols, handle, listed ? new DataView(index).getUint32(0, true) : position, busId);
}
