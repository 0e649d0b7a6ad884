import fs from 'node:fs';
import { describe, expect, it } from 'vitest';
import { judgeHealth, type HealthInput } from '../../app/health/judge.ts';
import { maxReplaysPerMinute } from '../../app/health/pcie.ts';
import { xidOf, xids } from '../../app/health/xid.ts';
import { en } from '../../app/core/locales/en.ts';
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
  throttledMs: undefined,
  observedMs: DAY,
  ...more,
});

const fact = (id: string, from: HealthInput) => judgeHealth(from).facts.find((each) => each.id === id)!;
const banks = { remapBanksMax: 100, remappedRowsUncorrectable: 0, remapFailure: 0, remapPending: 0 } as const;

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
    ['pages', { retiredPagesDbe: 30, retiredPagesSbe: 30 }, 'watch'],
    ['pages', { retiredPagesDbe: 32, retiredPagesSbe: 31 }, 'act'],
    ['rows', banks, 'no-fault'],
    ['rows', { ...banks, remappedRowsUncorrectable: 7 }, 'no-fault'],
    ['rows', { ...banks, remappedRowsUncorrectable: 7, remapBanksNone: 1 }, 'watch'],
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
    expect(fact('pcie', counted)).toMatchObject({ verdict: 'not-measurable', finding: 'pcie.not-yet' });
  });

  it('call for action at any NVLink replay', () => {
    const links = { nvlinkCount: 4, nvlinkActive: 4 };
    const verdict = (grown: HealthInput['grown']) => fact('nvlink', input(links, { grown })).verdict;
    expect(verdict({})).toBe('not-measurable'); // links alone say nothing of errors
    expect(verdict({ nvlinkReplays: { by: 0, minutes: 1, fastest: 0 } })).toBe('no-fault');
    expect(verdict({ nvlinkReplays: { by: 1, minutes: 1, fastest: 1 } })).toBe('act');
    expect(verdict({ nvlinkCrcErrors: { by: 5, minutes: 60, fastest: 1 } })).toBe('watch');
    expect(verdict({ nvlinkCrcErrors: { by: 6000, minutes: 600, fastest: 6000 } })).toBe('act');
  });

  it('never take an application’s Xid for a fault of the card, nor an old one for a new one', () => {
    const xid = (code: number, ago = DAY) => fact('xid', input({}, { xids: [{ tsMs: NOW - ago, code }] })).verdict;
    expect([13, 31, 43, 69].map((code) => xid(code))).toEqual(['no-fault', 'no-fault', 'no-fault', 'no-fault']);
    expect([48, 79, 119].map((code) => xid(code))).toEqual(['act', 'act', 'act']);
    expect([63, 94, 62, 99_999].map((code) => xid(code))).toEqual(['watch', 'watch', 'watch', 'watch']);
    expect(xid(48, 60 * DAY)).toBe('no-fault');
    const deaf = input({}, { hearsXids: false, xids: [{ tsMs: NOW - 60 * DAY, code: 48 }] });
    expect(fact('xid', deaf).verdict).toBe('not-measurable'); // it was heard once; nobody listens now
    expect([63, 62, 38].map((code) => fact('xid', input({}, { xids: [{ tsMs: NOW, code }] })).finding)).toEqual([
      'xid.hardware',
      'xid.ambiguous',
      'xid.driver',
    ]);
    expect(xidOf(99_999)).toMatchObject({ origin: 'ambiguous', text: 'Not in the catalogue' });
  });

  it('name time held back by heat only from a share that matters, and never the power cap as a fault', () => {
    const held = (heat: number, powerCap = 0, powerBrake = 0) =>
      fact('throttle', input({}, { throttledMs: { heat, powerCap, powerBrake } })).verdict;
    expect(held(0, DAY)).toBe('no-fault');
    expect(held(0.02 * DAY)).toBe('watch');
    expect(held(0, 0, 1)).toBe('watch');
  });

  it('each say when their evidence was seen and where the rule comes from', () => {
    const seen = { eccMode: 1, eccUncorrectedVolatile: 0, recoveryAction: 0 } as const;
    const readMs = { eccUncorrectedVolatile: NOW - 7000, recoveryAction: NOW - 3000 };
    const at = { readMs, xids: [{ tsMs: NOW - DAY, code: 79 }] };
    for (const [id, tsMs] of [['ecc', NOW - 7000], ['recovery', NOW - 3000], ['xid', NOW - DAY]] as const) {
      expect(fact(id, input(seen, at))).toMatchObject({ tsMs, source: expect.stringMatching(/NVIDIA|nvml\.h/) });
    } // prettier-ignore
    expect(fact('sram', input(seen, at)).tsMs).toBeUndefined();
  });

  it('have words for everything that they can say', () => {
    const words = en.health as Record<string, unknown>;
    const source = fs.readFileSync('app/health/judge.ts', 'utf8');
    // every finding of the source: the third argument of fact(…)
    const found = [...source.matchAll(/fact\(\s*'(\w+)',\s*'[\w-]+',\s*(?:[^']*\? )?'(\w+)'(?: : '(\w+)')?/g)];
    expect(found.length).toBeGreaterThan(20);
    for (const [, id, ...which] of found) {
      for (const one of which.filter((each) => each && each !== 'none')) {
        expect((words[id!] as Record<string, string>)[one], `${id}.${one}`).toBeTypeOf('string');
      }
    }
    for (let action = 1; action <= 5; action++) expect(en.health.recovery).toHaveProperty(`action${action}`);
    expect(new Set(xids.map(({ code }) => code)).size).toBe(xids.length);
  });
});
