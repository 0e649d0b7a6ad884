import type { Translate } from '../core/i18n.ts';
import type { en } from '../core/locales/en.ts';

/**
 * What NVIDIA's Xid catalogue says about driver errors (docs.nvidia.com/deploy/xid-errors, "Analyzing Xid errors with the
 * Xid catalog", as mirrored in leptonai/gpud, 2025-10-29). NVIDIA's own guidance: an Xid is not a root cause; it can be
 * hardware, driver or application. DCGM's labels for 38, 39, 42, 54, 56–58, 61 and 62 differ; the catalogue is preferred.
 */
export const xidOrigins = ['hardware', 'driver', 'application', 'ambiguous'] as const;
/** what the catalogue names as the source of a code; `ambiguous` where it names several, or none */
export type XidOrigin = (typeof xidOrigins)[number];
export const xidSubsystems = ['memory', 'link', 'power', 'bus', 'firmware', 'engine', 'other'] as const;

type Entry = {
  readonly origin: XidOrigin;
  readonly subsystem: (typeof xidSubsystems)[number];
  /** the catalogue's immediate action */
  readonly immediate?: string;
  /** DCGM's health watch (NVIDIA/DCGM @72fa3fea): its "devastating" set, and what its subsystems warn about */
  readonly dcgm?: 'FAIL' | 'WARN';
};
export type Xid = Entry & { readonly code: number };

/** Codes that have a name in the language files: each needs a row here, and each row a name there. */
type XidCode = keyof (typeof en.health)['xidName'] extends infer Key
  ? Key extends `code${infer Code extends number}`
    ? Code
    : never
  : never;

const catalogue: Readonly<Record<XidCode, Entry>> = {
  13: { origin: 'application', subsystem: 'engine', immediate: 'RESTART_APP' },
  31: { origin: 'application', subsystem: 'engine', immediate: 'RESTART_APP', dcgm: 'WARN' },
  32: { origin: 'ambiguous', subsystem: 'engine', immediate: 'RESTART_APP', dcgm: 'WARN' },
  38: { origin: 'driver', subsystem: 'firmware' },
  43: { origin: 'application', subsystem: 'engine', immediate: 'IGNORE', dcgm: 'WARN' },
  45: { origin: 'ambiguous', subsystem: 'other' },
  46: { origin: 'ambiguous', subsystem: 'engine', immediate: 'RESET_GPU' },
  48: { origin: 'hardware', subsystem: 'memory', immediate: 'WORKFLOW_XID_48', dcgm: 'FAIL' },
  54: { origin: 'hardware', subsystem: 'power', immediate: 'CHECK_MECHANICALS' },
  61: { origin: 'driver', subsystem: 'firmware' },
  62: { origin: 'ambiguous', subsystem: 'firmware', immediate: 'RESET_GPU' },
  63: { origin: 'hardware', subsystem: 'memory', immediate: 'IGNORE', dcgm: 'WARN' },
  64: { origin: 'hardware', subsystem: 'memory', immediate: 'RESET_GPU', dcgm: 'FAIL' },
  69: { origin: 'application', subsystem: 'engine', immediate: 'RESTART_APP' },
  74: { origin: 'hardware', subsystem: 'link', immediate: 'WORKFLOW_NVLINK_ERR', dcgm: 'FAIL' },
  79: { origin: 'ambiguous', subsystem: 'bus', immediate: 'RESTART_BM', dcgm: 'FAIL' },
  92: { origin: 'hardware', subsystem: 'memory', immediate: 'IGNORE' },
  93: { origin: 'hardware', subsystem: 'other' },
  94: { origin: 'hardware', subsystem: 'memory', immediate: 'RESTART_APP', dcgm: 'WARN' },
  95: { origin: 'hardware', subsystem: 'memory', immediate: 'RESET_GPU', dcgm: 'FAIL' },
  109: { origin: 'ambiguous', subsystem: 'engine' },
  110: { origin: 'ambiguous', subsystem: 'other' },
  119: { origin: 'ambiguous', subsystem: 'firmware', immediate: 'RESET_GPU', dcgm: 'FAIL' },
  120: { origin: 'ambiguous', subsystem: 'firmware', immediate: 'RESET_GPU', dcgm: 'FAIL' },
  121: { origin: 'hardware', subsystem: 'link', dcgm: 'WARN' },
  137: { origin: 'ambiguous', subsystem: 'link', dcgm: 'WARN' },
  140: { origin: 'hardware', subsystem: 'memory', immediate: 'RESET_GPU', dcgm: 'FAIL' },
  143: { origin: 'ambiguous', subsystem: 'other' },
  144: { origin: 'ambiguous', subsystem: 'link' },
  145: { origin: 'ambiguous', subsystem: 'link' },
  146: { origin: 'ambiguous', subsystem: 'link' },
  147: { origin: 'ambiguous', subsystem: 'link' },
  148: { origin: 'ambiguous', subsystem: 'link' },
  149: { origin: 'ambiguous', subsystem: 'link' },
  150: { origin: 'ambiguous', subsystem: 'link' },
  154: { origin: 'ambiguous', subsystem: 'other', immediate: 'XID_154' },
  156: { origin: 'hardware', subsystem: 'memory' },
  157: { origin: 'hardware', subsystem: 'memory' },
  158: { origin: 'hardware', subsystem: 'other' },
  160: { origin: 'hardware', subsystem: 'memory' },
  164: { origin: 'ambiguous', subsystem: 'other' },
  165: { origin: 'ambiguous', subsystem: 'other' },
  167: { origin: 'hardware', subsystem: 'bus' },
  171: { origin: 'hardware', subsystem: 'memory' },
  172: { origin: 'hardware', subsystem: 'memory' },
};

const isListed = (code: number): code is XidCode => Object.hasOwn(catalogue, code);

/** The catalogue's row. An unlisted code is ambiguous. */
export const xidOf = (code: number): Xid => ({
  code,
  ...(isListed(code) ? catalogue[code] : ({ origin: 'ambiguous', subsystem: 'other' } as const)),
});

/** The catalogue's name of a code. */
export const xidName = (t: Translate, code: number): string =>
  isListed(code) ? t(`health.xidName.code${code}`) : t('health.xidName.unlisted');
