/** An XID error as the kernel's log reports it. */
export type KernelXid = {
  /** the card's slot as NVML writes it, without the function: "00000000:9B:00" */
  readonly slot: string;
  readonly code: number;
  readonly text: string;
  /** µs since the kernel started */
  readonly uptimeUs: number;
};

/** A record of /dev/kmsg: "priority,sequence,µs since boot,flags;text". */
const RECORD = /^\d+,\d+,(\d+),[^;]*;(.*)$/;
/** The slot with or without "PCI:", a domain of four to eight digits, and what MIG adds: "(PCI:0000:01:00 GPU-I:05)". */
const XID =
  /^NVRM: Xid \((?:PCI:)?([0-9a-f]{4,8}):([0-9a-f]{2}:[0-9a-f]{2})(?![0-9a-f])[^)]{0,40}\): (\d{1,4})\b,? ?(.*)/i;
const BUS_MESSAGE = /^NVRM: The NVIDIA GPU ([0-9a-f]{4,8}):([0-9a-f]{2}:[0-9a-f]{2})\.[0-9a-f]\b/i;
const FALLEN = /fallen off the bus/i;
/** "GPU has fallen off the bus" in NVIDIA's catalogue of Xids. */
const XID_FALLEN = 79;
/** The message is three lines; records of other drivers may come between. */
const MOST_LINES_BETWEEN = 8;
/** The driver prints the message and Xid 79 for one and the same event. */
const SAME_FALL_US = 5_000_000;

const slotOf = (domain: string, device: string): string => `${domain.padStart(8, '0')}:${device}`.toUpperCase();

/**
 * Reads one record of /dev/kmsg (Documentation/ABI/testing/dev-kmsg of the Linux kernel). The NVIDIA driver writes
 * "NVRM: Xid (PCI:0000:9b:00): 119, pid=…, name=…, what happened".
 * @returns undefined for any other record
 */
export function parseKernelXid(record: string): KernelXid | undefined {
  const [, uptime, message] = RECORD.exec(record) ?? [];
  const match = message === undefined ? undefined : XID.exec(message);
  if (!match) return undefined;
  const [, domain, device, code, text] = match;
  return { uptimeUs: Number(uptime), slot: slotOf(domain!, device!), code: Number(code), text: text!.trim() };
}

/** Reads the lines of /dev/kmsg in order, for messages that take several lines. */
export type XidScanner = (line: string) => KernelXid | undefined;

/**
 * Finds XID errors, and "The NVIDIA GPU … has fallen off the bus", which some drivers print without an Xid: it counts as
 * Xid 79. That message is one record with escaped line ends, one record with continuation lines, or three records.
 */
export function createXidScanner(): XidScanner {
  let message: { readonly slot: string; readonly uptimeUs: number; text: string; lines: number } | undefined;
  const fallenUs = new Map<string, number>(); // by slot

  /** Undefined for a second report of the same fall. */
  function once(xid: KernelXid): KernelXid | undefined {
    if (xid.code !== XID_FALLEN) return xid;
    const beforeUs = fallenUs.get(xid.slot);
    fallenUs.set(xid.slot, xid.uptimeUs);
    return beforeUs !== undefined && Math.abs(xid.uptimeUs - beforeUs) < SAME_FALL_US ? undefined : xid;
  }

  return (line) => {
    const xid = parseKernelXid(line);
    if (xid) return once(xid);
    const [, uptime, body = line] = RECORD.exec(line) ?? [];
    const text = body.replaceAll('\\x0a', ' ').trim();
    const begins = uptime === undefined ? undefined : BUS_MESSAGE.exec(text);
    if (begins) message = { slot: slotOf(begins[1]!, begins[2]!), uptimeUs: Number(uptime), text: '', lines: 0 };
    if (!message || ++message.lines > MOST_LINES_BETWEEN) {
      message = undefined;
      return undefined;
    }
    if (!text.startsWith('NVRM: ')) return undefined;
    message.text += ` ${text.replaceAll('NVRM: ', ' ')}`;
    if (!FALLEN.test(message.text)) return undefined;
    const { slot, uptimeUs, text: said } = message;
    message = undefined;
    return once({ slot, uptimeUs, code: XID_FALLEN, text: said.replaceAll(/\s+/g, ' ').trim() });
  };
}
