import fs from 'node:fs';
import path from 'node:path';
import { temporaryFolder } from './folders.ts';

export type PciDevices = {
  readonly folder: string;
  /** Says what the kernel would say of the GPU in a slot of the stand-in driver. */
  readonly set: (gpu: number, status: 'active' | 'suspended' | 'suspending' | 'resuming') => void;
};

/** A folder as /sys/bus/pci/devices, with the GPUs of the stand-in driver. */
export function pciDevices(gpus: number, control: 'auto' | 'on' = 'auto', driver = 'nvidia'): PciDevices {
  const folder = temporaryFolder();
  const slot = (gpu: number): string => path.join(folder, `0000:0${gpu + 1}:00.0`);
  const set: PciDevices['set'] = (gpu, status) =>
    fs.writeFileSync(path.join(slot(gpu), 'power/runtime_status'), `${status}\n`);
  for (let gpu = 0; gpu < gpus; gpu++) {
    fs.mkdirSync(path.join(slot(gpu), 'power'), { recursive: true });
    fs.writeFileSync(path.join(slot(gpu), 'vendor'), '0x10de\n');
    fs.writeFileSync(path.join(slot(gpu), 'class'), '0x030000\n');
    fs.writeFileSync(path.join(slot(gpu), 'power/control'), `${control}\n`);
    fs.symlinkSync(`../../drivers/${driver}`, path.join(slot(gpu), 'driver'));
    set(gpu, 'active');
  }
  return { folder, set };
}
