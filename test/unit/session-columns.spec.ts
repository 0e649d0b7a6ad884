// The law of exported sessions: a figure has a value exactly where its state says so.
import fs from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sessionColumns, sessionExport } from '../../app/exchange/session-columns.ts';
import { text } from '../../app/core/i18n.ts';
import { outputUnits } from '../../app/workload/adapters/ids.ts';
import { figureStates, isShown, type FigureState } from '../../app/workload/sessions/figure-states.ts';
import { perOutputTexts, whyOf } from '../../app/workload/sessions/figure-text.ts';
import { figuresOf, type Money } from '../../app/workload/sessions/figures.ts';
import { createFormatter } from '../../app/metrics/format.ts';
import type { GpuSummary, Outputs, StoredSession } from '../../app/workload/sessions/schema.ts';

const START = Date.UTC(2026, 0, 14);
const amount = fc.oneof(fc.constant(0), fc.double({ min: 0, max: 1e7, noNaN: true }));
const some = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
/** An object without the keys that are undefined, as JSON stores it. */
const stored = <T extends object>(value: fc.Arbitrary<T>) => value.map((one) => JSON.parse(JSON.stringify(one)) as T);

const gpus = fc.record({
  gpuUuid: fc.constantFrom('GPU-a', 'GPU-b', 'GPU-c'),
  observedMs: amount,
  unrecordedMs: some(amount),
  outputsRecorded: some(fc.nat(5)),
  energyJ: some(amount),
  energyRangeJ: some(fc.constant({ low: 0, high: 1e8 })),
  energyFrom: some(fc.constantFrom('counter', 'power')),
  sharedJ: some(amount),
  activeMs: some(amount),
  activeJ: some(amount),
  aboveIdleJ: some(amount),
  slots: some(fc.array(fc.record({ fromMs: fc.constant(START), energyJ: amount }), { maxLength: 2 })),
  peakTempC: some(fc.integer({ min: 20, max: 90 })),
  meanTempC: some(fc.integer({ min: 20, max: 90 })),
  throttledMs: some(fc.record({ heat: amount, 'power-cap': amount, setting: amount }, { requiredKeys: [] })),
  equivalentHours: some(fc.constant({ low: 1, mid: 2, high: 3 })),
});
const outputs = fc.record({
  unit: fc.constantFrom(...outputUnits),
  count: fc.nat(4),
  countedBy: fc.constant('files' as const),
  promptTokens: some(fc.nat(9)),
  promptAtLeast: some(fc.boolean()),
  speed: some(fc.constant({ value: 9, unit: 'tok/s' as const })),
  atLeast: some(fc.boolean()),
  others: some(fc.constant([{ unit: 'video' as const, count: 1 }])),
});
const sessions = stored(
  fc.record({
    id: fc.constant(1),
    name: fc.constant('a'),
    command: fc.constant('a'),
    startedMs: fc.constant(START),
    endedMs: fc.constantFrom(null, START, START + 60_000),
    exitCode: fc.constant(null),
    gpus: fc.constant([]),
    summary: fc.option(
      fc.record({
        gpus: fc.array(gpus, { maxLength: 3 }),
        workload: some(fc.record({ kind: fc.constant('llm'), found: fc.constant('detected'), outputs: some(outputs) })),
      }),
    ),
  }),
) as unknown as fc.Arbitrary<StoredSession>;
const prices: fc.Arbitrary<Money> = fc.record({
  pricePerKwh: fc.constantFrom(null, -0.1, 0, 0.3),
  tariff: fc.constant([]),
  market: fc.constant(undefined),
  co2GramsPerKwh: fc.constantFrom(null, 0, 400),
});

type Row = ReadonlyMap<string, unknown>;
const rowOf = (session: StoredSession, money: Money): Row => {
  const [row] = sessionExport([session], [], money, 'EUR').sessions;
  return new Map(sessionColumns.map(({ name, of }) => [name, of(row!)]));
};
const names = new Set(sessionColumns.map(({ name }) => name));
const withState = [...names].filter((name) => names.has(`${name}State`));

/** Columns that are no figures: what the session is, and what belongs to a figure beside them. */
const NO_FIGURES = [
  'id',
  'durationS',
  'exitCode',
  'energyLowJ',
  'energyHighJ',
  'sharedJ',
  'cachedPromptTokens',
  'unseenJ',
  'unseenS',
];
const OF_TOKENS = ['jPerMillionTokens', 'jPerMillionTokensActive', 'costPerMillionTokens'];
const OF_STRESS = ['stressLowH', 'stressHighH'];

const free: Money = { pricePerKwh: 0.3, tariff: [], market: undefined, co2GramsPerKwh: null };
const session = (gpu: Partial<GpuSummary>, made?: Outputs, ...more: readonly Partial<GpuSummary>[]): StoredSession => ({
  id: 1,
  name: 'a',
  command: 'a',
  startedMs: START,
  endedMs: START + 60_000,
  exitCode: null,
  gpus: [],
  summary: {
    gpus: [gpu, ...more].map((one, i) => ({ gpuUuid: `GPU-${i}`, observedMs: 60_000, ...one })),
    ...(made && { workload: { kind: 'diffusion', found: 'detected', outputs: made } }),
  },
});

describe('a column of exported sessions', () => {
  it('has a state if it is a figure', () => {
    const figures = sessionColumns.filter(({ type }) => type === 'DOUBLE').map(({ name }) => name);
    const stateless = figures.filter((name) => !names.has(`${name}State`));
    expect(stateless.sort()).toEqual([...NO_FIGURES, ...OF_TOKENS, ...OF_STRESS].sort());
  });

  it('has a value exactly where its state says so', () => {
    expect(withState.length).toBeGreaterThan(15);
    fc.assert(
      fc.property(sessions, prices, (one, money) => {
        const row = rowOf(one, money);
        for (const name of withState) {
          const state = row.get(`${name}State`) as FigureState;
          expect([name, state, row.get(name) !== undefined]).toEqual([name, state, isShown(state)]);
        }
        const isToken = row.get('outputUnit') === 'token';
        for (const [name, each] of [
          ['jPerMillionTokens', 'jPerOutput'],
          ['jPerMillionTokensActive', 'jPerOutputActive'],
          ['costPerMillionTokens', 'costPerOutput'],
        ] as const)
          expect(row.get(name) !== undefined).toBe(isToken && row.get(each) !== undefined);
        expect(row.get('currency') !== undefined).toBe(row.get('cost') !== undefined);
      }),
      { numRuns: 500 },
    );
  });

  it('that is withheld has a sentence for people', () => {
    const format = createFormatter('en', { temperatureUnit: 'C', currency: 'EUR' });
    fc.assert(
      fc.property(sessions, prices, (one, money) => {
        const figures = figuresOf(one, money);
        const shown = perOutputTexts(figures, text, format).length > 0;
        expect(shown).toBe(isShown(figures.states.perOutput));
        if (!shown) expect(whyOf(figures.states.perOutput, one, text)).toMatch(/\.$/);
      }),
      { numRuns: 200 },
    );
  });

  it('is explained in the documentation, with every state', () => {
    const page = fs.readFileSync(new URL('../../docs/format/sessions.md', import.meta.url), 'utf8');
    for (const state of figureStates) expect(page).toContain(`| \`${state}\` |`);
    for (const name of names) expect(page).toContain(`| \`${name}\` |`);
  });
});

describe('figures of a session', () => {
  it('have no energy per output where outputs of several kinds were made', () => {
    const made = { unit: 'image', count: 3, countedBy: 'comfyui', others: [{ unit: 'video', count: 1 }] } as const;
    const row = rowOf(session({ energyJ: 900, slots: [{ fromMs: START, energyJ: 900 }] }, made as never), free);
    expect([row.get('jPerOutput'), row.get('jPerOutputState')]).toEqual([undefined, 'several-kinds']);
    expect([row.get('costPerOutput'), row.get('costPerOutputState')]).toEqual([undefined, 'several-kinds']);
    expect(row.get('energyJState')).toBe('known');
  });

  it('have no throttled time of 0 for a cause that was not reported', () => {
    const row = rowOf(session({ throttledMs: { 'power-cap': 5000 } }), free);
    expect([row.get('throttledPowerS'), row.get('throttledPowerSState')]).toEqual([5, 'known']);
    expect([row.get('throttledHeatS'), row.get('throttledHeatSState')]).toEqual([undefined, 'not-reported']);
  });

  it('have at least the throttled time of the cards that report it', () => {
    const row = rowOf(session({ throttledMs: { heat: 5000 } }, undefined, {}), free);
    expect([row.get('throttledHeatS'), row.get('throttledHeatSState')]).toEqual([5, 'at-least']);
  });

  it('have no energy per output of active time where the card does not report its load', () => {
    const made = { unit: 'image', count: 3, countedBy: 'comfyui' } as const;
    const row = rowOf(session({ energyJ: 900 }, made), free);
    expect([row.get('jPerOutput'), row.get('jPerOutputState')]).toEqual([300, 'known']);
    expect([row.get('jPerOutputActive'), row.get('jPerOutputActiveState')]).toEqual([undefined, 'not-reported']);
  });
});
