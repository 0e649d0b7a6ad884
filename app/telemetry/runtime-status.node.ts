import fs from 'node:fs';
import path from 'node:path';

/** An NVIDIA GPU on the PCI bus, found without the driver and without waking the GPU. */
export type PciGpu = {
  /** as NVML writes it: eight digits of domain, in capitals */
  readonly busId: string;
  readonly asleep: boolean;
  /** the kernel may power it down when no program uses it */
  readonly managed: boolean;
};

const NVIDIA = '0x10de';
const DISPLAY = /^0x03/; // VGA (0x0300) and 3D (0x0302) controllers; the card's own sound device is no GPU

const read = (file: string): string => {
  try {
    return fs.readFileSync(file, 'utf8').trim();
  } catch {
    return ''; // the device has disappeared, or this kernel has no such file
  }
};

export type PciWatch = {
  /** Lists the GPUs again. Reads about a hundred small files. */
  readonly scan: () => void;
  /** The current state of the GPUs that the last scan found. Reads two small files each. */
  readonly gpus: () => PciGpu[];
};

/**
 * Watches the NVIDIA GPUs on the PCI bus. Reading these files wakes no device
 * (Documentation/ABI/testing/sysfs-devices-power of the Linux kernel). Empty where there is no sysfs.
 */
export function watchPciGpus(root = '/sys/bus/pci/devices'): PciWatch {
  let slots: readonly string[] = [];
  const at = (slot: string, file: string): string => read(path.join(root, slot, file));

  /** Whether another driver than NVIDIA's has the device: nouveau, or that of a virtual machine. */
  function isElsewhere(slot: string): boolean {
    try {
      return path.basename(fs.readlinkSync(path.join(root, slot, 'driver'))) !== 'nvidia';
    } catch {
      return false; // no driver at all: NVML will say so
    }
  }

  function scan(): void {
    try {
      slots = fs
        .readdirSync(root)
        .sort()
        .filter((slot) => at(slot, 'vendor') === NVIDIA && DISPLAY.test(at(slot, 'class')) && !isElsewhere(slot));
    } catch {
      slots = []; // Windows, or a container without sysfs: whether a GPU sleeps is unknown
    }
  }
  scan();
  return {
    scan,
    gpus: () =>
      slots.map((slot) => ({
        busId: `0000${slot.toUpperCase()}`,
        asleep: /^suspend/.test(at(slot, 'power/runtime_status')),
        managed: at(slot, 'power/control') === 'auto',
      })),
  };
}
