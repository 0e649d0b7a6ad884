import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createI18n } from '../../app/core/i18n.ts';
import { createFormatter } from '../../app/metrics/format.ts';
import {
  costState,
  energyState,
  figureStates,
  isShown,
  perOutputState,
  type FigureState,
} from '../../app/workload/sessions/figure-states.ts';
import { outputsText } from '../../app/workload/sessions/outputs-text.ts';
import { perOutputTexts, promptText, whyOf } from '../../app/workload/sessions/figure-text.ts';
import { figuresOf } from '../../app/workload/sessions/figures.ts';
import { storedSession, type GpuSummary, type Outputs } from '../../app/workload/sessions/schema.ts';
import { summariseGpu, type SessionSample } from '../../app/workload/sessions/summary.ts';
import { frameWith } from '../support/frames.ts';

const { t } = createI18n('en');
const format = createFormatter('en', { temperatureUnit: 'C', currency: 'EUR' });
const money = { pricePerKwh: 0.36, tariff: [], market: undefined, co2GramsPerKwh: 400 };
const tokens = (count: number, more: Partial<Outputs> = {}): Outputs => ({
  unit: 'token',
  count,
  countedBy: 'llama.cpp',
  ...more,
});
const gpu = (more: Partial<GpuSummary>): GpuSummary => ({ gpuUuid: 'G', observedMs: 1000, ...more });
const figures = (gpus: readonly GpuSummary[], outputs?: Outputs) =>
  figuresOf(
    {
      startedMs: 0,
      endedMs: 138_000,
      summary: { gpus, workload: { kind: 'llm', found: 'detected', ...(outputs && { outputs }) } },
    },
    money,
  );

describe('the state of a figure', () => {
  it.each([
    [undefined, undefined, 'not-observed'],
    [undefined, 5, 'not-observed'],
    [0, 5, 'all-shared'],
    [0, undefined, 'below-resolution'],
    [0, 0, 'below-resolution'],
    [1, 5, 'at-least'],
    [1, undefined, 'known'],
  ] as const)('of %s J own and %s J shared energy is %s', (ownJ, sharedJ, state) =>
    expect(energyState(ownJ, sharedJ)).toBe(state),
  );

  it.each([
    ['known', undefined, 'not-counted'],
    ['known', tokens(0), 'none-made'],
    ['known', tokens(0, { atLeast: true }), 'not-counted'],
    ['known', tokens(1), 'known'],
    ['known', tokens(1, { atLeast: true }), 'at-most'],
    ['at-least', tokens(1), 'at-least'],
    ['at-least', tokens(1, { atLeast: true }), 'uncertain'],
    ['all-shared', tokens(1, { atLeast: true }), 'all-shared'],
    ['no-price', tokens(1), 'no-price'],
  ] as const)('per output, of %s energy and outputs %j is %s', (energy, outputs, state) =>
    expect(perOutputState(energy, outputs)).toBe(state),
  );

  it.each([
    ['known', 1, 'known'],
    ['known', undefined, 'no-price'],
    ['at-least', 1, 'at-least'],
    ['all-shared', undefined, 'all-shared'],
    ['not-observed', undefined, 'not-observed'],
  ] as const)('of a cost, from %s energy and %s, is %s', (energy, cost, state) =>
    expect(costState(energy, cost)).toBe(state),
  );

  it.each(figureStates.filter((state) => state !== 'known' && state !== 'modelled'))(
    '%s has a sentence with its cause',
    (state: FigureState) => {
      const why = whyOf(state, { sharedWith: ['vLLM', 'ComfyUI'] }, t)!;
      expect(why).toMatch(/^[A-Z].*\.$/);
      expect(why).not.toContain('figureState');
    },
  );
});

describe('a session whose energy was all shared', () => {
  const shared = figures([gpu({ energyJ: 0, sharedJ: 5000, slots: [] })], tokens(100));

  it('shows none, neither whole nor per output nor as money, and says with whom', () => {
    expect(shared).not.toHaveProperty('energyJ');
    expect([shared.cost, shared.co2G, shared.each?.energyJ, shared.eachActive]).toEqual(Array(4).fill(undefined));
    expect(perOutputTexts(shared, t, format)).toEqual([]);
    expect(whyOf(shared.states.energy, { sharedWith: ['vLLM'] }, t)).toContain('all of it was shared with vLLM');
    expect(whyOf(shared.states.energy, {}, t)).toContain('shared with other programs');
  });

  it('keeps what was shared, its outputs and its time', () => {
    expect([shared.sharedJ, shared.outputs?.count, shared.each?.ms]).toEqual([5000, 100, 1380]);
  });
});

describe('a figure per output', () => {
  it('is never 0 J, whatever was observed', () => {
    const joules = fc.nat(1_000_000_000).map((mJ) => mJ / 1000); // a counter's unit: no denormal number, half of which is 0
    const summary = fc.record({
      energyJ: fc.option(fc.oneof(fc.constant(0), joules), { nil: undefined }),
      sharedJ: fc.option(joules, { nil: undefined }),
      activeJ: fc.option(fc.constant(0), { nil: undefined }),
      activeMs: fc.option(fc.nat(1000), { nil: undefined }),
    });
    fc.assert(
      fc.property(
        fc.array(summary, { maxLength: 3 }),
        fc.nat(3),
        fc.boolean(),
        fc.boolean(),
        (list, count, atLeast, mixed) => {
          const several = { others: [{ unit: 'image' as const, count: 1 }] };
          const found = figures(
            list.map((one) => gpu(one as Partial<GpuSummary>)),
            tokens(count, { atLeast, ...(mixed && several) }),
          );
          for (const each of [found.energyJ, found.each?.energyJ, found.eachActive?.energyJ])
            expect(each === undefined || each > 0).toBe(true);
          expect(found.each?.energyJ !== undefined).toBe(isShown(found.states.perOutput));
        },
      ),
    );
  });

  it('is labelled: while working, and of the whole session with its pauses', () => {
    const chat = figures([gpu({ energyJ: 1380, activeJ: 1000, activeMs: 100_000 })], tokens(1000));
    expect(perOutputTexts(chat, t, format)).toEqual([
      { label: 'while working', text: '1.00 J / token' },
      { label: 'whole session', text: '1.38 J / token' },
    ]);
  });

  it.each([
    ['part of the energy was shared', { sharedJ: 10 }, {}, '≥ 1.00 J / token'],
    ['outputs may be missing', {}, { atLeast: true }, '≤ 1.00 J / token'],
    ['both', { sharedJ: 10 }, { atLeast: true }, '≈ 1.00 J / token'],
  ])('is marked as a bound if %s', (_what, energy, outputs, text) => {
    const found = figures([gpu({ energyJ: 1000, ...energy })], tokens(1000, outputs));
    expect(perOutputTexts(found, t, format)).toEqual([{ label: 'whole session', text }]);
  });

  it('of several cards takes the time of the longest and the energy of all', () => {
    const found = figures(
      [gpu({ energyJ: 10, activeJ: 8, activeMs: 50 }), gpu({ energyJ: 20, activeJ: 12, activeMs: 100 })],
      tokens(10),
    );
    expect(found.eachActive).toEqual({ energyJ: 2, ms: 10 });
  });
});

describe('the speed of a session', () => {
  it('is what the server generated by, where it is known', () =>
    expect(figures([gpu({})], tokens(1000, { speed: { value: 41, unit: 'tok/s' } })).speed?.value).toBe(41));

  it('is tokens by active time, not by the time of the session', () =>
    expect(figures([gpu({ energyJ: 9, activeMs: 50_000 })], tokens(1000)).speed).toEqual({ value: 20, unit: 'tok/s' }));

  it('is not known by active time if the card also worked for others', () =>
    expect(figures([gpu({ energyJ: 9, sharedJ: 1, activeMs: 50_000 })], tokens(1000)).speed).toBeUndefined());

  it('is not known without either', () => expect(figures([gpu({})], tokens(1000)).speed).toBeUndefined());
});

describe('active time', () => {
  const sample = (second: number, gpuUtilPct: number | undefined, more = {}): SessionSample => ({
    tsMs: second * 1000,
    dtMs: second === 0 ? undefined : 1000,
    frame: frameWith({
      energyMj: second * 100_000,
      powerW: 100,
      ...(gpuUtilPct !== undefined && { gpuUtilPct }),
      ...more,
    }),
  });

  it.each([
    [14, 0, 0],
    [15, 1000, 100],
  ])('at %d %% utilisation is %d ms of a second, and %d J', (utilPct, activeMs, activeJ) =>
    expect(summariseGpu('G', [sample(0, 99), sample(1, utilPct)])).toMatchObject({ activeMs, activeJ }),
  );

  it('leaves out the pauses of a chat, by counter and by power alike', () => {
    const busy = [0, 1, 1, 0, 0, 0, 1, 0];
    const counted = busy.map((on, i) => sample(i, on ? 95 : 1));
    const powered = busy.map((on, i) => sample(i, on ? 95 : 1, { energyMj: 'unsupported' }));
    for (const list of [counted, powered])
      expect(summariseGpu('G', list)).toMatchObject({ energyJ: 700, activeMs: 3000, activeJ: 300 });
  });

  it('counts the share of a session only, and nothing while it has none', () => {
    const shares = [
      { fromMs: 0, toMs: 1000, share: 0.25 },
      { fromMs: 1000, toMs: 2000, share: 0 },
      { fromMs: 2000, toMs: 3000, share: undefined },
    ];
    const list = [0, 1, 2, 3].map((second) => sample(second, 95));
    expect(summariseGpu('G', list, { shares })).toMatchObject({
      energyJ: 25,
      sharedJ: 100,
      activeJ: 25,
      activeMs: 2000, // of a share that is not known, it may be any part
    });
  });

  it('takes power where the counter stands still', () => {
    const stuck = [0, 1, 1, 0].map((on, i) => sample(i, on ? 95 : 1, { energyMj: 7 }));
    const { activeMs, activeJ } = summariseGpu('G', stuck);
    expect([activeMs, activeJ]).toEqual([2000, expect.any(Number)]);
  });

  it('takes no energy of a gap as active', () => {
    const list = [sample(0, 95), sample(1, 95), { ...sample(9, 95), dtMs: undefined }];
    expect(summariseGpu('G', list)).toMatchObject({ energyJ: 900, activeMs: 1000, activeJ: 100 });
  });

  it('is not known where the card does not report its utilisation', () => {
    const { activeMs, activeJ } = summariseGpu('G', [sample(0, undefined), sample(1, undefined)]);
    expect([activeMs, activeJ]).toEqual([undefined, undefined]);
  });

  it('never exceeds the session, in time and in energy', () => {
    const step = fc.record({ util: fc.option(fc.nat(100)), mj: fc.option(fc.nat(1e6)), gap: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { minLength: 2, maxLength: 30 }), (steps) => {
        let energyMj = 0;
        const list = steps.map(({ util, mj, gap }, i): SessionSample => ({
          tsMs: i * 1000,
          dtMs: i === 0 || gap ? undefined : 1000,
          frame: frameWith({
            ...(util !== null && { gpuUtilPct: util }),
            ...(mj !== null && { energyMj: (energyMj += mj) }),
          }),
        }));
        const { energyJ = 0, observedMs, activeMs = 0, activeJ = 0 } = summariseGpu('G', list);
        expect(activeMs).toBeLessThanOrEqual(observedMs);
        expect(activeJ).toBeLessThanOrEqual(energyJ + 1e-6);
      }),
    );
  });
});

describe('tokens', () => {
  it.each([
    [tokens(98_400, { promptTokens: 12_000 }), '98,400 tokens generated', '12,000 read'],
    [
      tokens(24, { promptTokens: 100, cachedPromptTokens: 80 }),
      '24 tokens generated',
      '100 read, 80 of them from a cache',
    ],
    [tokens(24, { promptTokens: 26, promptAtLeast: true }), '24 tokens generated', '≥ 26 read'],
    [tokens(24), '24 tokens generated', 'read: not reported'],
    [tokens(1, { atLeast: true, promptTokens: 0 }), '≥ 1 token generated', '0 read'],
  ])('%j', (outputs, made, read) => {
    expect(outputsText(outputs, t, format.number)).toBe(made);
    expect(promptText(outputs, t, format)).toBe(read);
  });

  it('are read by nothing that makes images', () =>
    expect(promptText({ unit: 'image', count: 1, countedBy: 'comfyui' }, t, format)).toBeUndefined());
});

it('a session stored before these figures existed is read as it was', () => {
  const old = {
    id: 1,
    name: 'llama.cpp',
    command: 'llama-server',
    startedMs: 0,
    endedMs: 100_000,
    exitCode: null,
    gpus: ['G'],
    summary: {
      gpus: [{ gpuUuid: 'G', observedMs: 100_000, energyJ: 500, energyFrom: 'counter' }],
      workload: {
        kind: 'llm',
        found: 'detected',
        outputs: {
          unit: 'token',
          count: 100,
          countedBy: 'llama.cpp',
          promptTokens: 9,
          speed: { value: 3, unit: 'tok/s' },
        },
      },
    },
  };
  const session = storedSession.parse(old);
  expect(session).toEqual(old);
  const found = figuresOf(session, money);
  expect(found).toMatchObject({ energyJ: 500, each: { energyJ: 5 }, speed: { value: 3 }, states: { energy: 'known' } });
  expect(found.eachActive).toBeUndefined();
});
