import type { Origin } from '../core/origin.ts';

/** What a kind of source can do. */
type SourceKindRow = {
  /** selects the history, the ledgers and the banner beside its numbers */
  readonly origin: Origin;
  /** It reports Xid errors. Where it does not, their absence says nothing about the card. */
  readonly reportsXids: boolean;
};

/** One row per kind of source. Which words of `--source` open it: sources.ts. How it is opened: open-source.node.ts. */
export const sourceKinds = {
  nvml: { origin: 'measured', reportsXids: true },
  'nvidia-smi': { origin: 'measured', reportsXids: false },
  replay: { origin: 'replayed', reportsXids: false },
  simulator: { origin: 'simulated', reportsXids: false },
} as const satisfies Record<string, SourceKindRow>;

export type SourceKind = keyof typeof sourceKinds;

export const sourceKindIds = Object.keys(sourceKinds) as SourceKind[];
export const sourceKindOf = (kind: SourceKind): SourceKindRow => sourceKinds[kind];
