/**
 * What NVIDIA's Xid catalogue says about driver errors (docs.nvidia.com/deploy/xid-errors, "Analyzing Xid errors with the
 * Xid catalog", as mirrored in leptonai/gpud, 2025-10-29). NVIDIA's own guidance: an Xid is not a root cause; it can be
 * hardware, driver or application. DCGM's labels for 38, 39, 42, 54, 56–58, 61 and 62 differ; the catalogue is preferred.
 */
export const xidOrigins = ['hardware', 'driver', 'application', 'ambiguous'] as const;
/** who the catalogue says is behind a code; `ambiguous` where it names several, or none */
export type XidOrigin = (typeof xidOrigins)[number];
export type XidPart = 'memory' | 'link' | 'power' | 'bus' | 'firmware' | 'engine' | 'other';

export type Xid = {
  readonly code: number;
  readonly text: string;
  readonly origin: XidOrigin;
  readonly part: XidPart;
  /** the catalogue's immediate action */
  readonly immediate?: string;
  /** DCGM's health watch (NVIDIA/DCGM @72fa3fea): its "devastating" set, and what its subsystems warn of */
  readonly dcgm?: 'FAIL' | 'WARN';
};

const row = (
  code: number,
  text: string,
  origin: XidOrigin,
  part: XidPart,
  immediate?: string,
  dcgm?: Xid['dcgm'],
): Xid => ({ code, text, origin, part, ...(immediate ? { immediate } : {}), ...(dcgm ? { dcgm } : {}) });

export const xids: readonly Xid[] = [
  row(13, 'Graphics engine exception', 'application', 'engine', 'RESTART_APP'),
  row(31, 'MMU page fault', 'application', 'engine', 'RESTART_APP', 'WARN'),
  row(32, 'Corrupted push buffer', 'ambiguous', 'engine', 'RESTART_APP', 'WARN'),
  row(38, 'Driver firmware error', 'driver', 'firmware'),
  row(43, 'GPU stopped processing', 'application', 'engine', 'IGNORE', 'WARN'),
  row(45, 'Preemptive cleanup after an earlier error', 'ambiguous', 'other'),
  row(46, 'GPU stopped processing', 'ambiguous', 'engine', 'RESET_GPU'),
  row(48, 'Double-bit ECC error', 'hardware', 'memory', 'WORKFLOW_XID_48', 'FAIL'),
  row(54, 'Auxiliary power is not connected', 'hardware', 'power', 'CHECK_MECHANICALS'),
  row(61, 'Internal microcontroller breakpoint', 'driver', 'firmware'),
  row(62, 'Internal microcontroller halt', 'ambiguous', 'firmware', 'RESET_GPU'),
  row(63, 'Row remap or page retirement recorded', 'hardware', 'memory', 'IGNORE', 'WARN'),
  row(64, 'Row remap or page retirement failed', 'hardware', 'memory', 'RESET_GPU', 'FAIL'),
  row(69, 'Graphics engine class error', 'application', 'engine', 'RESTART_APP'),
  row(74, 'NVLink error', 'hardware', 'link', 'WORKFLOW_NVLINK_ERR', 'FAIL'),
  row(79, 'GPU has fallen off the bus', 'ambiguous', 'bus', 'RESTART_BM', 'FAIL'),
  row(92, 'High rate of single-bit ECC errors', 'hardware', 'memory', 'IGNORE'),
  row(93, 'Wear limit of the InfoROM', 'hardware', 'other'),
  row(94, 'Contained memory error', 'hardware', 'memory', 'RESTART_APP', 'WARN'),
  row(95, 'Uncontained memory error', 'hardware', 'memory', 'RESET_GPU', 'FAIL'),
  row(109, 'Context switch timeout', 'ambiguous', 'engine'),
  row(110, 'Security fault', 'ambiguous', 'other'),
  row(119, 'GSP remote call timeout', 'ambiguous', 'firmware', 'RESET_GPU', 'FAIL'),
  row(120, 'GSP error', 'ambiguous', 'firmware', 'RESET_GPU', 'FAIL'),
  row(121, 'Corrected error of the chip-to-chip link', 'hardware', 'link', undefined, 'WARN'),
  row(137, 'NVLink privilege error', 'ambiguous', 'link', undefined, 'WARN'),
  row(140, 'Unrecovered ECC error', 'hardware', 'memory', 'RESET_GPU', 'FAIL'),
  row(143, 'Initialisation failed', 'ambiguous', 'other'),
  ...[144, 145, 146, 147, 148, 149, 150].map((code) => row(code, 'NVLink 5 error', 'ambiguous', 'link')),
  row(154, 'Recovery action changed', 'ambiguous', 'other', 'XID_154'),
  row(156, 'Resource retired', 'hardware', 'memory'),
  row(157, 'Resource retirement failed', 'hardware', 'memory'),
  row(158, 'Fatal timeout', 'hardware', 'other'),
  row(160, 'Channel retired', 'hardware', 'memory'),
  row(164, 'PSHC: low lifetime', 'ambiguous', 'other'),
  row(165, 'PSHC: zero lifetime', 'ambiguous', 'other'),
  row(167, 'Fatal PCIe timeout', 'hardware', 'bus'),
  row(171, 'Uncorrectable DRAM error', 'hardware', 'memory'),
  row(172, 'Uncorrectable SRAM error', 'hardware', 'memory'),
];

const byCode = new Map(xids.map((xid) => [xid.code, xid]));

/** The catalogue's row; a code that it does not list is ambiguous and says so. */
export const xidOf = (code: number): Xid => byCode.get(code) ?? row(code, 'Not in the catalogue', 'ambiguous', 'other');

/** Codes that speak of the memory (user-visible statistics page): what the memory facts count. */
export const memoryXids: readonly number[] = [48, 63, 64, 94, 95, 160, 171, 172];
