import { describe, expect, it } from 'vitest';
import { createFormatter } from '../../app/metrics/format.ts';
import type { GpuSummary, Outputs } from '../../app/workload/sessions/schema.ts';
import { describe as linesOf } from '../../cli/run-summary.ts';

const format = createFormatter('en', { temperatureUnit: 'C', currency: 'EUR' });
const money = { pricePerKwh: 0.36, tariff: [], market: undefined, co2GramsPerKwh: null };

function summaryOf(gpu: Partial<GpuSummary>, outputs?: Outputs, sharedWith?: readonly string[]): string {
  const workload = { kind: 'llm' as const, found: 'by-hand' as const, ...(outputs && { outputs }) };
  const session = { startedMs: 0, endedMs: 100_000, workload, sharedWith };
  return linesOf(
    [{ gpuUuid: 'G', observedMs: 100_000, energyFrom: 'counter', ...gpu }],
    () => 'Card',
    session,
    money,
    format,
  ).join('\n');
}

const tokens: Outputs = {
  unit: 'token',
  count: 1000,
  countedBy: 'llama.cpp',
  promptTokens: 50,
  cachedPromptTokens: 20,
};

describe('what `slowburn run` prints at the end', () => {
  it('has energy per output while working and of the whole session, and the tokens that were read', () => {
    const text = summaryOf(
      { energyJ: 1380, activeJ: 1000, activeMs: 60_000, slots: [{ fromMs: 0, energyJ: 1380 }] },
      tokens,
    );
    expect(text).toMatch(/Outputs +1,000 tokens generated, 50 read, 20 of them from a cache/);
    expect(text).toMatch(/Per token, while working +1\.00 J \/ token/);
    expect(text).toMatch(/Per token, whole session +1\.38 J \/ token/);
    expect(text).toMatch(/Cost per 1M tokens +€0\.14\n/);
  });

  it('has no energy if all was shared, and says with whom', () => {
    const text = summaryOf({ energyJ: 0, sharedJ: 5000, slots: [] }, tokens, ['vLLM']);
    expect(text).toContain('No energy is shown: all of it was shared with vLLM');
    expect(text).not.toMatch(/\b0 (J|Wh)\b|J \/ token/);
    expect(text).toMatch(/Shared +1\.39 Wh/);
  });

  it('marks energy of which a part was shared as a lower bound', () => {
    const text = summaryOf({ energyJ: 1000, sharedJ: 10, slots: [] }, tokens, ['vLLM']);
    expect(text).toMatch(/Energy +≥ 1\.00 kJ/);
    expect(text).toMatch(/Per token, whole session +≥ 1\.00 J \/ token/);
  });

  it('has the outputs of several cards once, with the energy of all', () => {
    const card = { observedMs: 100_000, energyFrom: 'counter' as const, energyJ: 1000, slots: [] };
    const cards = [
      { ...card, gpuUuid: 'A' },
      { ...card, gpuUuid: 'B' },
    ];
    const session = { startedMs: 0, endedMs: 100_000, workload: { kind: 'llm', found: 'by-hand', outputs: tokens } };
    const lines = linesOf(cards, (uuid) => `Card ${uuid}`, session as never, money, format).join('\n');
    const [a, b, both] = lines.split(/^(?=\S)/m);
    for (const [one, name] of [
      [a, 'Card A'],
      [b, 'Card B'],
    ]) {
      expect(one).toMatch(new RegExp(`^${name}\n +Energy +1,000 J`));
      expect(one).toMatch(/Peak core temperature/);
      expect(one).not.toMatch(/tokens|J \/ token/);
    }
    expect(both).toMatch(/^All of them together\n +Energy +2,000 J/);
    expect(both).toMatch(/Outputs +1,000 tokens/);
    expect(both).toMatch(/Per token, whole session +2\.00 J \/ token/);
  });

  it('says that energy was not observed', () => {
    expect(summaryOf({})).toMatch(/Energy +No energy is shown: it was not observed\./);
  });
});
