/** An XID error as the kernel's log reports it. */
export type KernelXid = {
  /** the card's slot as NVML writes it, without the function: "00000000:9B:00" */
  readonly slot: string;
  readonly code: number;
  readonly text: string;
  /** µs since the kernel started */
  readonly uptimeUs: number;
};

/**
 * Reads one record of /dev/kmsg: "priority,sequence,µs since boot,flags;text" (Documentation/ABI/testing/dev-kmsg of
 * the Linux kernel). The NVIDIA driver writes "NVRM: Xid (PCI:0000:9b:00): 119, pid=…, name=…, what happened".
 * @returns undefined for any other record
 */
export function parseKernelXid(record: string): KernelXid | undefined {
  const match =
    /^\d+,\d+,(\d+),[^;]*;NVRM: Xid \(PCI:([0-9a-f]{4}(?:[0-9a-f]{4})?:[0-9a-f]{2}:[0-9a-f]{2})\S*\): (\d{1,4})\b,? ?(.*)/i.exec(
      record,
    );
  if (!match) return undefined;
  const slot = match[2]!.toUpperCase();
  return {
    uptimeUs: Number(match[1]),
    slot: slot.length === 10 ? `0000${slot}` : slot,
    code: Number(match[3]),
    text: match[4]!.trim(),
  };
}
