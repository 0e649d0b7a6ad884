import type { MetricKey } from '../metrics/metrics.ts';
import type { Reading } from '../core/reading.ts';
import type { CountedCause, Throttled } from '../metrics/throttled.ts';
import {
  BORDERLINE_RETIRED_PAGES,
  MAX_REMAPPED_ROWS,
  MAX_RETIRED_PAGES,
  pageRetirementResult,
  rowRemapAction,
} from './memory.ts';
import { maxReplaysPerMinute } from './pcie.ts';
import { verdicts, type FactId, type FindingOf, type silent, type Verdict } from './findings.ts';
import type { Fact, HealthReport, XidSeen } from './health-schema.ts';
import { xidOf } from './xid.ts';

/** How much a counter grew. */
export type Growth = {
  readonly by: number;
  readonly minutes: number;
  /** growth per minute, in the worst minute */
  readonly fastest: number;
};

export type HealthInput = {
  readonly nowMs: number;
  /** newest reading of each metric, with the reason where there is none */
  readonly readings: Readonly<Partial<Record<MetricKey, Reading>>>;
  /** when each of them was taken */
  readonly readMs?: Readonly<Partial<Record<MetricKey, number>>>;
  /** the values a week ago, where the history reaches that far */
  readonly weekAgo: Readonly<Partial<Record<MetricKey, number>>>;
  /** growth of counters over the last day at most, without resets */
  readonly grown: Readonly<Partial<Record<MetricKey, Growth>>>;
  /** the fastest generation of the link in that time: it falls when a card idles */
  readonly linkGeneration?: number;
  /** false where the source does not report driver errors */
  readonly hearsXids: boolean;
  readonly xids: readonly {
    readonly tsMs: number;
    readonly code: number;
    readonly text?: string;
    readonly witness?: string;
  }[];
  /** throttled time of the last 30 days; undefined: no history */
  readonly throttled: Readonly<Record<CountedCause, Throttled>> | undefined;
  /** ms of the last 30 days in which the card was observed */
  readonly observedMs: number;
};

const DAY_MS = 86_400_000;
/** Facts look back this far, and speak only of what was observed of it. */
export const RECENT_MS = 30 * DAY_MS;
/** Throttling by heat for more than this share of the observed time is a warning. Ours. */
const HEAT_SHARE = 0.01;
/** CRC errors per second at which DCGM fails a link. */
const CRC_PER_SECOND = 100;
/** Recovery actions that nvml.h names, by their number. */
const recoveryActions = ['nothing', 'action1', 'action2', 'action3', 'action4', 'action5'] as const;

/** Judges one card from what it reports. Pure: the same input gives the same report. */
export function judgeHealth(input: HealthInput): HealthReport {
  const { nowMs, readings, weekAgo, grown } = input;
  const value = (key: MetricKey): number | undefined => {
    const reading = readings[key];
    return reading?.state === 'value' ? reading.value : undefined;
  };
  /** A fact with its evidence: `seen` is the time of that evidence, or the metrics whose readings are the evidence. */
  const fact = <Id extends FactId>(
    id: Id,
    verdict: Verdict,
    finding: FindingOf<Id> | (typeof silent)[number],
    seen: number | readonly MetricKey[],
    values: Readonly<Record<string, number | undefined>> = {},
  ): Fact => {
    const times =
      typeof seen === 'number'
        ? [seen]
        : seen.flatMap((key) => (value(key) === undefined ? [] : (input.readMs?.[key] ?? [])));
    return {
      id,
      verdict,
      finding: `${id}.${finding}` as Fact['finding'],
      values: Object.fromEntries(Object.entries(values).filter(([, number]) => number !== undefined)) as Fact['values'],
      ...(times.length === 0 ? {} : { tsMs: Math.max(...times) }),
    };
  };
  const none = (id: FactId): Fact => fact(id, 'not-measurable', 'none', []);
  /** The counter exists, but one reading shows no growth yet. */
  const notYet = (id: FactId): Fact => fact(id, 'not-measurable', 'notYet', []);
  // with error correction off nothing is counted: a 0 then proves nothing, but a count above 0 does
  const corrects = value('eccMode') === 1;

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
    const [newest] = recent;
    const { observedMs } = input;
    if (!newest) {
      return input.hearsXids && observedMs > 0 ? fact('xid', 'no-fault', 'quiet', nowMs, { observedMs }) : none('xid');
    }
    const of = (verdict: Verdict, finding: FindingOf<'xid'>, { code, tsMs }: XidSeen): Fact =>
      fact('xid', verdict, finding, tsMs, { code, count: recent.length, observedMs });
    const grave = recent.find(({ dcgm }) => dcgm === 'FAIL');
    if (grave) return of('act', 'grave', grave);
    for (const origin of ['hardware', 'driver', 'ambiguous'] as const) {
      const found = recent.find((each) => each.origin === origin);
      if (found) return of('watch', origin, found);
    }
    return of('no-fault', 'application', newest);
  }

  function ecc(): Fact {
    const keys = ['eccUncorrectedVolatile', 'eccUncorrectedAggregate'] as const;
    const [volatile, aggregate] = keys.map(value);
    if (!corrects || (volatile === undefined && aggregate === undefined)) return none('ecc');
    const counts = { volatile, aggregate, corrected: value('eccCorrectedAggregate') };
    if (volatile) return fact('ecc', 'act', 'uncorrected', keys, counts);
    if (aggregate) return fact('ecc', 'watch', 'once', keys, counts);
    return fact('ecc', 'no-fault', counts.corrected ? 'corrected' : 'clean', keys, counts);
  }

  function pages(): Fact {
    const keys = ['retiredPagesDbe', 'retiredPagesSbe'] as const;
    const [doubleBit, singleBit] = keys.map(value);
    if (doubleBit === undefined || singleBit === undefined) return none('pages');
    const total = doubleBit + singleBit;
    const pending = value('retiredPagesPending');
    if (total === 0 && !pending && !corrects) return none('pages');
    const counts = { doubleBit, singleBit, limit: MAX_RETIRED_PAGES };
    const result = pageRetirementResult({ doubleBit, singleBit, doubleBitWeekAgo: weekAgo.retiredPagesDbe });
    if (result !== 'PASS') return fact('pages', 'act', result === 'FAIL_TOTAL' ? 'full' : 'fast', keys, counts);
    if (pending) return fact('pages', 'watch', 'pending', keys, counts);
    if (total >= BORDERLINE_RETIRED_PAGES) return fact('pages', 'watch', 'borderline', keys, counts);
    return fact('pages', 'no-fault', total === 0 ? 'clean' : 'some', keys, counts);
  }

  function rows(): Fact {
    const keys = ['remappedRowsUncorrectable', 'remapFailure', 'remapPending'] as const;
    const [uncorrectable, failed, pending] = keys.map(value);
    // some GeForce drivers report success with zeros for memory that cannot remap (gpud on an RTX 4090). Without the
    // histogram of the banks, which they do not have, or with ECC off, zeros prove nothing, but a set flag does
    const zeros = !uncorrectable && !failed && !pending;
    const remaps = uncorrectable !== undefined && value('remapBanksMax') !== undefined && value('eccMode') !== 0;
    if (zeros && !remaps) return none('rows');
    const counts = {
      uncorrectable,
      correctable: value('remappedRowsCorrectable'),
      limit: MAX_REMAPPED_ROWS,
      spent: value('remapBanksNone'),
    };
    switch (rowRemapAction({ failed: failed === 1, uncorrectable: uncorrectable ?? 0, pending: pending === 1 })) {
      case 'RMA_CANDIDATE':
        return fact('rows', 'act', 'failed', keys, counts);
      case 'RESET_REQUIRED':
        return fact('rows', 'act', 'pending', keys, counts);
      case 'WARN':
        return fact('rows', 'watch', 'many', keys, counts);
      case 'OK':
        if (counts.spent) return fact('rows', 'watch', 'spent', keys, counts);
        return fact('rows', 'no-fault', uncorrectable === 0 ? 'clean' : 'some', keys, counts);
    }
  }

  function sram(): Fact {
    const keys = ['sramThresholdExceeded'] as const;
    const exceeded = value(keys[0]);
    if (exceeded) return fact('sram', 'act', 'exceeded', keys);
    return exceeded === undefined || !corrects ? none('sram') : fact('sram', 'no-fault', 'clean', keys);
  }

  function pcie(): Fact {
    const keys = ['pcieReplays'] as const;
    const replays = grown.pcieReplays;
    const [generation, width] = [input.linkGeneration ?? value('pcieGen'), value('pcieWidth')];
    if (generation === undefined || width === undefined) return none('pcie');
    if (!replays) return value('pcieReplays') === undefined ? none('pcie') : notYet('pcie');
    const bound = maxReplaysPerMinute(generation, width);
    if (bound === undefined) return none('pcie');
    const counts = {
      perMinute: replays.fastest,
      bound,
      generation,
      width,
      maxWidth: value('pcieMaxWidth'),
      by: replays.by,
      hours: replays.minutes / 60,
    };
    if (replays.fastest > bound) return fact('pcie', 'watch', 'many', keys, counts);
    // the generation falls when a card idles, its width does not
    const narrow = (counts.maxWidth ?? width) > width;
    return fact('pcie', 'no-fault', narrow ? 'narrow' : 'clean', keys, counts);
  }

  function nvlink(): Fact {
    const keys = ['nvlinkReplays', 'nvlinkRecoveries', 'nvlinkCrcErrors'] as const;
    const count = value('nvlinkCount');
    // one reading of the error counters does not show that a link has no errors
    if (!count || keys.every((key) => value(key) === undefined && !grown[key])) return none('nvlink');
    if (keys.every((key) => !grown[key])) return notYet('nvlink');
    const [replays = 0, recoveries = 0, crc = 0] = keys.map((key) => grown[key]?.by);
    const hours = Math.max(...keys.map((key) => grown[key]?.minutes ?? 0)) / 60;
    const counts = { count, active: value('nvlinkActive'), replays, recoveries, crc, hours };
    if (replays + recoveries > 0) return fact('nvlink', 'act', 'errors', keys, counts);
    const fast = (grown.nvlinkCrcErrors?.fastest ?? 0) / 60 >= CRC_PER_SECOND;
    if (crc > 0) return fact('nvlink', fast ? 'act' : 'watch', 'crc', keys, counts);
    return fact('nvlink', 'no-fault', 'clean', keys, counts);
  }

  function recovery(): Fact {
    const keys = ['recoveryAction'] as const;
    const action = value(keys[0]);
    if (action === undefined) return none('recovery');
    if (action === 0) return fact('recovery', 'no-fault', 'nothing', keys);
    return fact('recovery', 'act', recoveryActions[action] ?? 'unknown', keys, { action });
  }

  function throttle(): Fact {
    const { throttled } = input;
    if (!throttled) return none('throttle');
    const { heat, 'power-brake': brake, 'power-cap': cap } = throttled;
    const values = {
      heat: heat.ms / 60_000,
      brake: brake.ms / 60_000,
      cap: cap.ms / 60_000,
      percent: heat.knownMs > 0 ? (100 * heat.ms) / heat.knownMs : 0,
    };
    const seen = ({ knownMs }: Throttled) => ({ ...values, observedMs: knownMs });
    if (brake.ms > 0) return fact('throttle', 'watch', 'brake', nowMs, seen(brake));
    if (heat.ms > HEAT_SHARE * heat.knownMs) return fact('throttle', 'watch', 'heat', nowMs, seen(heat));
    const known = Math.min(heat.knownMs, cap.knownMs);
    return known > 0
      ? fact('throttle', 'no-fault', 'clean', nowMs, { ...values, observedMs: known })
      : none('throttle');
  }

  const facts = [xid(), ecc(), pages(), rows(), sram(), pcie(), nvlink(), recovery(), throttle()];
  const worst = Math.max(...facts.map(({ verdict }) => verdicts.indexOf(verdict)));
  return { verdict: verdicts[worst]!, facts, xids, nowMs };
}
