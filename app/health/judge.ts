import type { MetricKey } from '../metrics.ts';
import type { Reading } from '../reading.ts';
import {
  BORDERLINE_RETIRED_PAGES,
  MAX_REMAPPED_ROWS,
  MAX_RETIRED_PAGES,
  pageRetirementResult,
  rowRemapAction,
} from './memory.ts';
import { maxReplaysPerMinute } from './pcie.ts';
import { xidOf, type Xid } from './xid.ts';

/** From best to worst; `not-measurable` is no verdict about the card, but about what it tells. */
export const verdicts = ['not-measurable', 'no-fault', 'watch', 'act'] as const;
export type Verdict = (typeof verdicts)[number];

export const factIds = ['xid', 'ecc', 'pages', 'rows', 'sram', 'pcie', 'nvlink', 'recovery', 'throttle'] as const;
export type FactId = (typeof factIds)[number];

/** One hard fact: what it says, on which numbers, since when, and where the rule comes from. */
export type Fact = {
  readonly id: FactId;
  readonly verdict: Verdict;
  /** sentence of the locale, health.<finding>, with these values */
  readonly finding: string;
  readonly values: Readonly<Record<string, number>>;
  /** when the newest evidence was seen */
  readonly tsMs?: number;
  readonly source: string;
};

export type XidSeen = Xid & { readonly tsMs: number; readonly said?: string; readonly witness?: string };

export type HealthReport = {
  /** the worst of the facts; not-measurable only where no fact can be measured */
  readonly verdict: Verdict;
  readonly facts: readonly Fact[];
  readonly xids: readonly XidSeen[];
  readonly nowMs: number;
};

export type HealthInput = {
  readonly nowMs: number;
  /** newest known reading of each metric, with the reason where there is none */
  readonly readings: Readonly<Partial<Record<MetricKey, Reading>>>;
  /** the same a week ago, where the history reaches */
  readonly weekAgo: Readonly<Partial<Record<MetricKey, number>>>;
  /** growth of counters over the last day at most: resets already left out */
  readonly grown: Readonly<Partial<Record<MetricKey, { readonly by: number; readonly minutes: number }>>>;
  /** false where the source hears of no driver errors */
  readonly hearsXids: boolean;
  readonly xids: readonly {
    readonly tsMs: number;
    readonly code: number;
    readonly text?: string;
    readonly witness?: string;
  }[];
  /** ms held back in the last 30 days by the card's own counters; undefined where it has none */
  readonly throttledMs: { readonly powerCap: number; readonly heat: number; readonly powerBrake: number } | undefined;
  readonly observedMs: number;
};

const DAY_MS = 86_400_000;
const RECENT_MS = 30 * DAY_MS;
/** From this share of the observed time on, being held back by heat is worth a look. Ours. */
const HEAT_SHARE = 0.01;

const SOURCES = {
  xid: 'NVIDIA Xid catalogue; NVIDIA/DCGM @72fa3fea',
  ecc: 'NVIDIA/DCGM @72fa3fea',
  pages: 'NVIDIA/DCGM @72fa3fea: 63 pages, or more than 15 for double-bit errors with more than one new in a week',
  rows: 'NVIDIA GPU memory error management: RMA policy for row remapping',
  sram: 'NVIDIA GPU memory error management: SRAM threshold',
  pcie: 'NVIDIA/DCGM @72fa3fea: bit error rate 1e-12 on all lanes',
  nvlink: 'NVIDIA/DCGM @72fa3fea: any replay or recovery',
  recovery: 'nvml.h: GPU recovery action',
  throttle: 'nvml.h: time counters of clock event reasons',
} as const satisfies Record<FactId, string>;

/** Judges one card from what it reports. Pure: the same input gives the same report. */
export function judgeHealth(input: HealthInput): HealthReport {
  const { nowMs, readings, weekAgo, grown } = input;
  const value = (key: MetricKey): number | undefined => {
    const reading = readings[key];
    return reading?.state === 'value' ? reading.value : undefined;
  };
  const fact = (
    id: FactId,
    verdict: Verdict,
    finding: string,
    values: Readonly<Record<string, number | undefined>> = {},
    tsMs?: number,
  ): Fact => ({
    id,
    verdict,
    finding: `${id}.${finding}`,
    values: Object.fromEntries(Object.entries(values).filter(([, number]) => number !== undefined)) as Record<
      string,
      number
    >,
    ...(tsMs === undefined ? {} : { tsMs }),
    source: SOURCES[id],
  });
  const none = (id: FactId): Fact => fact(id, 'not-measurable', 'none');

  const xids = [...input.xids]
    .sort((a, b) => b.tsMs - a.tsMs)
    .map(({ tsMs, code, text, witness }): XidSeen => ({
      ...xidOf(code),
      tsMs,
      ...(text === undefined ? {} : { said: text }),
      ...(witness === undefined ? {} : { witness }),
    }));

  function xid(): Fact {
    const recent = xids.filter(({ tsMs }) => tsMs >= nowMs - RECENT_MS);
    if (!input.hearsXids && xids.length === 0) return none('xid');
    const grave = recent.find(({ dcgm }) => dcgm === 'FAIL');
    if (grave) return fact('xid', 'act', 'grave', { code: grave.code, count: recent.length }, grave.tsMs);
    const doubtful = recent.find(
      ({ origin }) => origin === 'hardware' || origin === 'ambiguous' || origin === 'driver',
    );
    if (doubtful) return fact('xid', 'watch', 'doubtful', { code: doubtful.code, count: recent.length }, doubtful.tsMs);
    if (recent.length > 0) return fact('xid', 'no-fault', 'application', { count: recent.length }, recent[0]!.tsMs);
    return fact('xid', 'no-fault', 'quiet');
  }

  function ecc(): Fact {
    // a card without ECC may still answer 0: without the mode switched on, a count says nothing
    if (value('eccMode') !== 1) return none('ecc');
    const [volatile, aggregate] = [value('eccUncorrectedVolatile'), value('eccUncorrectedAggregate')];
    if (volatile === undefined && aggregate === undefined) return none('ecc');
    const counts = { volatile, aggregate, corrected: value('eccCorrectedAggregate') };
    if (volatile) return fact('ecc', 'act', 'uncorrected', counts);
    if (aggregate) return fact('ecc', 'watch', 'once', counts);
    return fact('ecc', 'no-fault', 'clean', counts);
  }

  function pages(): Fact {
    const [doubleBit, singleBit] = [value('retiredPagesDbe'), value('retiredPagesSbe')];
    if (doubleBit === undefined || singleBit === undefined) return none('pages');
    const counts = { doubleBit, singleBit, limit: MAX_RETIRED_PAGES };
    const result = pageRetirementResult({ doubleBit, singleBit, doubleBitWeekAgo: weekAgo.retiredPagesDbe });
    if (result !== 'PASS') return fact('pages', 'act', result === 'FAIL_TOTAL' ? 'full' : 'fast', counts);
    if (value('retiredPagesPending')) return fact('pages', 'watch', 'pending', counts);
    if (doubleBit + singleBit >= BORDERLINE_RETIRED_PAGES) return fact('pages', 'watch', 'borderline', counts);
    return fact('pages', 'no-fault', doubleBit + singleBit === 0 ? 'clean' : 'some', counts);
  }

  function rows(): Fact {
    const [uncorrectable, failed] = [value('remappedRowsUncorrectable'), value('remapFailure')];
    // some GeForce drivers answer "success" with zeros for memory that cannot remap (gpud on an RTX 4090): without the
    // banks' histogram, which they do not have, zeros prove nothing; a flag that is up does
    const zeros = !uncorrectable && !failed && !value('remapPending');
    if (zeros && (uncorrectable === undefined || value('remapBanksMax') === undefined)) return none('rows');
    const pending = value('remapPending') === 1;
    const counts = {
      uncorrectable,
      correctable: value('remappedRowsCorrectable'),
      limit: MAX_REMAPPED_ROWS,
      spent: value('remapBanksNone'),
    };
    switch (rowRemapAction({ failed: failed === 1, uncorrectable: uncorrectable ?? 0, pending })) {
      case 'RMA_CANDIDATE':
        return fact('rows', 'act', 'failed', counts);
      case 'RESET_REQUIRED':
        return fact('rows', 'act', 'pending', counts);
      case 'WARN':
        return fact('rows', 'watch', 'many', counts);
      case 'OK':
        if (value('remapBanksNone')) return fact('rows', 'watch', 'spent', counts);
        return fact('rows', 'no-fault', uncorrectable === 0 ? 'clean' : 'some', counts);
    }
  }

  function sram(): Fact {
    const exceeded = value('sramThresholdExceeded');
    if (exceeded === undefined) return none('sram');
    return exceeded ? fact('sram', 'act', 'exceeded') : fact('sram', 'no-fault', 'clean');
  }

  function pcie(): Fact {
    const replays = grown.pcieReplays;
    const [generation, width] = [value('pcieGen'), value('pcieWidth')];
    if (!replays || !(replays.minutes > 0) || generation === undefined || width === undefined) return none('pcie');
    const perMinute = replays.by / replays.minutes;
    const bound = maxReplaysPerMinute(generation, width);
    if (bound === undefined) return none('pcie');
    const counts = { perMinute, bound, generation, width, maxWidth: value('pcieMaxWidth'), by: replays.by };
    if (perMinute > bound) return fact('pcie', 'watch', 'many', counts);
    // the generation falls when a card idles, its width does not
    const narrow = (value('pcieMaxWidth') ?? width) > width;
    return fact('pcie', 'no-fault', narrow ? 'narrow' : 'clean', counts);
  }

  function nvlink(): Fact {
    const count = value('nvlinkCount');
    if (!count) return none('nvlink');
    const by = (key: MetricKey): number => grown[key]?.by ?? 0;
    const counts = {
      count,
      active: value('nvlinkActive'),
      replays: by('nvlinkReplays'),
      recoveries: by('nvlinkRecoveries'),
      crc: by('nvlinkCrcErrors'),
    };
    if (counts.replays + counts.recoveries > 0) return fact('nvlink', 'act', 'errors', counts);
    const seconds = (grown.nvlinkCrcErrors?.minutes ?? 0) * 60;
    if (counts.crc > 0)
      return fact('nvlink', seconds > 0 && counts.crc / seconds >= 100 ? 'act' : 'watch', 'crc', counts);
    return fact('nvlink', 'no-fault', 'clean', counts);
  }

  function recovery(): Fact {
    const action = value('recoveryAction');
    if (action === undefined) return none('recovery');
    return action === 0 ? fact('recovery', 'no-fault', 'nothing') : fact('recovery', 'act', `action${action}`);
  }

  function throttle(): Fact {
    const { throttledMs, observedMs } = input;
    if (!throttledMs || !(observedMs > 0)) return none('throttle');
    const minutes = {
      heat: throttledMs.heat / 60_000,
      brake: throttledMs.powerBrake / 60_000,
      cap: throttledMs.powerCap / 60_000,
    };
    if (throttledMs.powerBrake > 0) return fact('throttle', 'watch', 'brake', minutes);
    if (throttledMs.heat > HEAT_SHARE * observedMs) return fact('throttle', 'watch', 'heat', minutes);
    return fact('throttle', 'no-fault', 'clean', minutes);
  }

  const facts = [xid(), ecc(), pages(), rows(), sram(), pcie(), nvlink(), recovery(), throttle()];
  const worst = Math.max(...facts.map(({ verdict }) => verdicts.indexOf(verdict)));
  return { verdict: verdicts[worst]!, facts, xids, nowMs };
}
