import { describe, expect, it } from 'vitest';
import { judgeHealth, type HealthInput } from '../../app/health/judge.ts';
import { maxReplaysPerMinute } from '../../app/health/pcie.ts';
import { factText } from '../../app/health/fact-text.ts';
import { findings } from '../../app/health/findings.ts';
import { createNumberFormatter } from '../../app/core/format.ts';
import { text } from '../../app/core/i18n.ts';
import { xidName, xidOf } from '../../app/health/xid.ts';
import type { MetricKey } from '../../app/metrics/metrics.ts';

const NOW = Date.UTC(2026, 5, 1);
const DAY = 86_400_000;

const input = (values: Partial<Record<MetricKey, number>> = {}, more: Partial<HealthInput> = {}): HealthInput => ({
  nowMs: NOW,
  readings: Object.fromEntries(
    Object.entries(values).map(([key, value]) => [key, { state: 'value', value, derived: false }]),
  ),
  weekAgo: {},
  grown: {},
  hearsXids: true,
  xids: [],
  throttled: undefined,
  observedMs: DAY,
  ...more,
});

/** ms by heat, by the power limit and by the power brake, each known for a day. */
const throttled = (heat: number, powerCap = 0, powerBrake = 0): HealthInput['throttled'] => ({
  heat: { ms: heat, knownMs: DAY },
  'power-cap': { ms: powerCap, knownMs: DAY },
  'power-brake': { ms: powerBrake, knownMs: DAY },
});

const fact = (id: string, from: HealthInput) => judgeHealth(from).facts.find((each) => each.id === id)!;
const banks = { remapBanksMax: 100, remappedRowsUncorrectable: 0, remapFailure: 0, remapPending: 0 } as const;

const growth = (by: number, fastest = by) => ({ by, minutes: 60, fastest });
const link = { pcieGen: 4, pcieWidth: 16, pcieMaxWidth: 16 } as const;
const links = { nvlinkCount: 4, nvlinkActive: 4 } as const;
const pages = { retiredPagesDbe: 0, retiredPagesSbe: 0, eccMode: 1 } as const;
/** Inputs that together lead to every finding. */
const everyFinding: readonly HealthInput[] = [
  ...[48, 63, 38, 62, 13].map((code) => input({}, { xids: [{ tsMs: NOW - DAY, code }] })),
  input({ eccMode: 1, eccUncorrectedVolatile: 1, eccUncorrectedAggregate: 1 }),
  input({ eccMode: 1, eccUncorrectedVolatile: 0, eccUncorrectedAggregate: 1 }),
  input({ eccMode: 1, eccUncorrectedAggregate: 0, eccCorrectedAggregate: 1 }),
  input({ eccMode: 1, eccUncorrectedAggregate: 0 }),
  input({ ...pages, retiredPagesSbe: 63 }),
  input({ ...pages, retiredPagesDbe: 16 }, { weekAgo: { retiredPagesDbe: 14 } }),
  input({ ...pages, retiredPagesPending: 1 }),
  ...[60, 59, 0].map((retiredPagesSbe) => input({ ...pages, retiredPagesSbe })),
  ...[
    { remapFailure: 1 },
    { remapPending: 1 },
    { remappedRowsUncorrectable: 512 },
    { remapBanksNone: 1 },
    { remappedRowsUncorrectable: 1 },
    {},
  ].map((more) => input({ ...banks, ...more })),
  ...[0, 1].map((sramThresholdExceeded) => input({ eccMode: 1, sramThresholdExceeded })),
  input(link, { grown: { pcieReplays: growth(17) } }),
  input({ ...link, pcieWidth: 8 }, { grown: { pcieReplays: growth(0) } }),
  input(link, { grown: { pcieReplays: growth(1) } }),
  input(links, { grown: { nvlinkReplays: growth(1) } }),
  input(links, { grown: { nvlinkCrcErrors: growth(1) } }),
  input(links, { grown: { nvlinkReplays: growth(0) } }),
  ...[0, 1, 2, 3, 4, 5, 6].map((recoveryAction) => input({ recoveryAction })),
  ...[throttled(0, 0, 1), throttled(DAY), throttled(0, 1)].map((sums) => input({}, { throttled: sums })),
];

describe('the facts of a card', () => {
  it('are not measurable where the card tells nothing, and that is never called healthy', () => {
    const report = judgeHealth(input({}, { hearsXids: false }));
    expect(report.verdict).toBe('not-measurable');
    expect(new Set(report.facts.map(({ verdict }) => verdict))).toEqual(new Set(['not-measurable']));
  });

  it('say nothing about memory when a card without ECC answers 0', () => {
    expect(fact('ecc', input({ eccUncorrectedVolatile: 0, eccUncorrectedAggregate: 0 })).verdict).toBe(
      'not-measurable',
    );
    expect(fact('rows', input({ remappedRowsUncorrectable: 0, remapFailure: 0 })).verdict).toBe('not-measurable');
    // with error correction off, or none known, nothing is counted: a 0 says nothing, whoever answers it
    for (const eccMode of [{}, { eccMode: 0 }]) {
      const zeros = { ...banks, ...eccMode, retiredPagesDbe: 0, retiredPagesSbe: 0, sramThresholdExceeded: 0 };
      for (const id of ['pages', 'sram']) expect(fact(id, input(zeros)).verdict).toBe('not-measurable');
    }
    expect(fact('rows', input({ ...banks, eccMode: 0 })).verdict).toBe('not-measurable');
  });

  it.each([
    ['ecc', { eccMode: 1, eccUncorrectedVolatile: 0, eccUncorrectedAggregate: 0 }, 'no-fault'],
    ['ecc', { eccMode: 1, eccUncorrectedVolatile: 0, eccUncorrectedAggregate: 3 }, 'watch'],
    ['ecc', { eccMode: 1, eccUncorrectedVolatile: 1, eccUncorrectedAggregate: 3 }, 'act'],
    ['ecc', { eccMode: 1, eccUncorrectedAggregate: 0, eccCorrectedAggregate: 9 }, 'no-fault'],
    ['pages', { eccMode: 1, retiredPagesDbe: 0, retiredPagesSbe: 0 }, 'no-fault'],
    ['pages', { retiredPagesDbe: 1, retiredPagesSbe: 2, retiredPagesPending: 1 }, 'watch'],
    ['pages', { retiredPagesDbe: 30, retiredPagesSbe: 29 }, 'no-fault'],
    ['pages', { retiredPagesDbe: 30, retiredPagesSbe: 30 }, 'watch'],
    ['pages', { retiredPagesDbe: 31, retiredPagesSbe: 31 }, 'watch'],
    ['pages', { retiredPagesDbe: 32, retiredPagesSbe: 31 }, 'act'],
    ['rows', banks, 'no-fault'],
    ['rows', { ...banks, remappedRowsUncorrectable: 7 }, 'no-fault'],
    ['rows', { ...banks, remappedRowsUncorrectable: 7, remapBanksNone: 1 }, 'watch'],
    ['rows', { ...banks, remappedRowsUncorrectable: 511 }, 'no-fault'],
    ['rows', { ...banks, remappedRowsUncorrectable: 512 }, 'watch'],
    ['rows', { ...banks, remapPending: 1 }, 'act'],
    ['rows', { ...banks, remapFailure: 1 }, 'act'],
    ['sram', { eccMode: 1, sramThresholdExceeded: 0 }, 'no-fault'],
    ['sram', { sramThresholdExceeded: 1 }, 'act'],
    ['recovery', { recoveryAction: 0 }, 'no-fault'],
    ['recovery', { recoveryAction: 4 }, 'act'],
    ['recovery', { recoveryAction: 9 }, 'act'],
  ] as const)('%s of %j: %s', (id, values, verdict) => {
    expect(fact(id, input(values)).verdict).toBe(verdict);
  });

  it('hold replays of the link against what its speed and width allow', () => {
    const link = { pcieGen: 4, pcieWidth: 16, pcieMaxWidth: 16 };
    const grown = (fastest: number) => ({ grown: { pcieReplays: { by: fastest, minutes: 60, fastest } } });
    expect(maxReplaysPerMinute(4, 16)).toBe(16);
    expect(fact('pcie', input(link, grown(16))).verdict).toBe('no-fault');
    expect(fact('pcie', input(link, grown(16.1))).verdict).toBe('watch');
    // the card idles now; the replays came while the link was fast
    expect(fact('pcie', input({ ...link, pcieGen: 1 }, { ...grown(16), linkGeneration: 4 })).verdict).toBe('no-fault');
    expect(fact('pcie', input(link))).toMatchObject({ verdict: 'not-measurable', finding: 'pcie.none' });
    const counted = input({ ...link, pcieReplays: 1 });
    expect(fact('pcie', counted)).toMatchObject({ verdict: 'not-measurable', finding: 'pcie.notYet' });
  });

  it('call for action at any NVLink replay', () => {
    const links = { nvlinkCount: 4, nvlinkActive: 4 };
    const verdict = (grown: HealthInput['grown']) => fact('nvlink', input(links, { grown })).verdict;
    expect(verdict({})).toBe('not-measurable'); // links alone say nothing of errors
    expect(verdict({ nvlinkReplays: { by: 0, minutes: 1, fastest: 0 } })).toBe('no-fault');
    expect(verdict({ nvlinkReplays: { by: 1, minutes: 1, fastest: 1 } })).toBe('act');
    expect(verdict({ nvlinkCrcErrors: { by: 5, minutes: 60, fastest: 1 } })).toBe('watch');
    expect(verdict({ nvlinkCrcErrors: { by: 6000, minutes: 600, fastest: 5999 } })).toBe('watch');
    expect(verdict({ nvlinkCrcErrors: { by: 6000, minutes: 600, fastest: 6000 } })).toBe('act');
  });

  it('never take an application’s Xid for a fault of the card, nor an old one for a new one', () => {
    const xid = (code: number, ago = DAY) => fact('xid', input({}, { xids: [{ tsMs: NOW - ago, code }] })).verdict;
    expect([13, 31, 43, 69].map((code) => xid(code))).toEqual(['no-fault', 'no-fault', 'no-fault', 'no-fault']);
    expect([48, 79, 119].map((code) => xid(code))).toEqual(['act', 'act', 'act']);
    expect([63, 94, 62, 99_999].map((code) => xid(code))).toEqual(['watch', 'watch', 'watch', 'watch']);
    expect(xid(48, 30 * DAY)).toBe('act');
    expect(xid(48, 30 * DAY + 1)).toBe('no-fault');
    const deaf = input({}, { hearsXids: false, xids: [{ tsMs: NOW - 60 * DAY, code: 48 }] });
    expect(fact('xid', deaf).verdict).toBe('not-measurable'); // it was heard once; the source does not listen now
    expect([63, 62, 38].map((code) => fact('xid', input({}, { xids: [{ tsMs: NOW, code }] })).finding)).toEqual([
      'xid.hardware',
      'xid.ambiguous',
      'xid.driver',
    ]);
    expect(xidOf(99_999)).toMatchObject({ origin: 'ambiguous' });
    expect([99_999, 79].map((code) => xidName(text, code))).toEqual([
      'Not in the catalogue',
      'GPU has fallen off the bus',
    ]);
  });

  it('call throttling by heat a warning above 1 % of the observed time, and never call the power limit a fault', () => {
    const held = (heat: number, powerCap = 0, powerBrake = 0) =>
      fact('throttle', input({}, { throttled: throttled(heat, powerCap, powerBrake) })).verdict;
    expect(held(0, DAY)).toBe('no-fault');
    expect(held(0.01 * DAY)).toBe('no-fault');
    expect(held(0.01 * DAY + 1)).toBe('watch');
    expect(held(0, 0, 1)).toBe('watch');
  });

  it('say nothing about throttling where it was never known, although the card was observed', () => {
    const unknown = { ms: 0, knownMs: 0 };
    const known = throttled(0)!;
    for (const cause of ['heat', 'power-cap'] as const)
      expect(fact('throttle', input({}, { throttled: { ...known, [cause]: unknown } })).verdict).toBe('not-measurable');
    expect(fact('throttle', input({}, { throttled: { ...known, 'power-brake': unknown } })).verdict).toBe('no-fault');
  });

  it('claim nothing about time that was not observed', () => {
    const format = createNumberFormatter('en', { temperatureUnit: 'C', currency: 'EUR' });
    const quiet = fact('xid', input({}, { observedMs: 62_000 }));
    expect(factText(text, format, quiet)).toBe('None in the 1 min 2 s observed of the last 30 days.');
    expect(fact('xid', input({}, { observedMs: 0 })).verdict).toBe('not-measurable');
    for (const from of everyFinding) {
      for (const one of judgeHealth(from).facts.filter(({ verdict }) => verdict !== 'not-measurable'))
        expect(factText(text, format, one), one.finding).not.toMatch(/(?<!of the last|in the last) \b30 days|in a day/);
    }
  });

  it('each say when their evidence was seen and where the rule comes from', () => {
    const seen = { eccMode: 1, eccUncorrectedVolatile: 0, recoveryAction: 0 } as const;
    const readMs = { eccUncorrectedVolatile: NOW - 7000, recoveryAction: NOW - 3000 };
    const at = { readMs, xids: [{ tsMs: NOW - DAY, code: 79 }] };
    const times = { ecc: NOW - 7000, recovery: NOW - 3000, xid: NOW - DAY } as const;
    for (const [id, tsMs] of Object.entries(times)) expect(fact(id, input(seen, at))).toMatchObject({ tsMs });
    for (const { id } of judgeHealth(input()).facts) expect(text(`health.source.${id}`)).toMatch(/NVIDIA|nvml\.h/);
    expect(fact('sram', input(seen, at)).tsMs).toBeUndefined();
  });

  it('fill every placeholder of the sentence that they show', () => {
    const format = createNumberFormatter('en', { temperatureUnit: 'C', currency: 'EUR' });
    const shown = new Set<string>();
    for (const from of everyFinding) {
      for (const one of judgeHealth(from).facts.filter(({ verdict }) => verdict !== 'not-measurable')) {
        shown.add(one.finding);
        expect(factText(text, format, one), one.finding).not.toMatch(/\{\{|undefined|^health\./);
      }
    }
    const silent = /\.(?:none|notYet)$/;
    expect([...shown].sort()).toEqual(findings.filter((finding) => !silent.test(finding)).sort());
  });
});
