import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createI18n } from '../../app/core/i18n.ts';
import { createFormatter } from '../../app/metrics/format.ts';
import { idleTexts } from '../../app/workload/sessions/figure-text.ts';
import { idleModels, newestWeek, type CardMinutes } from '../../app/workload/sessions/idle-models.ts';
import type { Presence } from '../../app/workload/sessions/processes.ts';
import type { IdleModel, StoredSession } from '../../app/workload/sessions/schema.ts';
import { unloadCommand } from '../../app/workload/sessions/unload.ts';

const MINUTE = 60_000;
const HOUR = 60;

/** A card by the minute: W of each, NaN where nothing was recorded. */
const card = (
  powerW: readonly number[],
  utilPct: readonly number[] = powerW.map(() => 0),
  gpuUuid = 'G',
): CardMinutes => ({
  gpuUuid,
  fromMs: 0,
  powerW: Float64Array.from(powerW),
  utilPct: Float64Array.from(utilPct),
});
const watts = (w: number, minutes: number): number[] => new Array<number>(minutes).fill(w);
const stay = (pid: number, fromMin: number, toMin: number, name = 'python3', gpuUuid = 'G'): Presence => ({
  gpuUuid,
  pid,
  name,
  fromMs: fromMin * MINUTE,
  toMs: toMin * MINUTE,
});
const session = (
  fromMin: number,
  toMin: number | null,
  pids: readonly number[] | undefined,
  more: Partial<NonNullable<NonNullable<StoredSession['summary']>['workload']>> = {},
  gpus: readonly string[] = ['G'],
): StoredSession => ({
  id: 1,
  name: 'Ollama',
  command: '',
  startedMs: fromMin * MINUTE,
  endedMs: toMin === null ? null : toMin * MINUTE,
  exitCode: null,
  gpus,
  summary: {
    gpus: [],
    workload: { kind: 'llm', found: 'detected', program: 'Ollama', model: 'qwen3:32b', adapter: 'ollama', ...more },
    ...(pids && { pids }),
  },
});

describe('a model that stayed loaded', () => {
  it('costs what its card drew while no session ran, and of that what it does not draw without a model', () => {
    // an hour without a model at 10 W, then loaded for two hours at 25 W; half an hour of these it worked at 300 W
    const powerW = [...watts(10, HOUR), ...watts(25, 30), ...watts(300, 30), ...watts(25, HOUR)];
    const [model, ...others] = idleModels([card(powerW)], [stay(7, 60, 180)], [session(90, 120, [7])]);
    expect(others).toEqual([]);
    expect(model).toMatchObject({ program: 'Ollama', model: 'qwen3:32b', gpuUuids: ['G'], idleMs: 90 * MINUTE });
    expect(model!.energyJ).toBeCloseTo(25 * 90 * 60);
    expect(model!.aboveJ).toBeCloseTo(15 * 90 * 60);
    expect(model!.slots.reduce((sum, { energyJ }) => sum + energyJ, 0)).toBeCloseTo(model!.energyJ);
    expect(model!.slots.every(({ fromMs }) => fromMs % (15 * MINUTE) === 0)).toBe(true);
  });

  it.each([
    [9, undefined],
    [10, 15 * 60],
  ])('has a part due to it only after %d minutes without it: %s J per minute', (before, aboveJ) => {
    const powerW = [...watts(10, before), ...watts(25, 10)];
    const [model] = idleModels([card(powerW)], [stay(7, before, before + 10)], [session(before, before + 1, [7])]);
    expect(model!.aboveJ).toEqual(aboveJ === undefined ? undefined : expect.closeTo(aboveJ * 9));
  });

  it('costs nothing in time that was not recorded', () => {
    const [model] = idleModels(
      [card([...watts(25, 5), ...watts(Number.NaN, 50), ...watts(25, 5)])],
      [stay(7, 0, 60)],
      [session(0, 1, [7])],
    );
    expect([model!.idleMs, model!.energyJ]).toEqual([9 * MINUTE, 9 * 25 * 60]);
  });

  it.each([
    [14, 10],
    [15, 5],
  ])('is not idle in minutes in which the card is %d %% busy: %d minutes', (util, minutes) => {
    const found = idleModels(
      [card(watts(25, 11), [0, ...watts(0, 5), ...watts(util, 5)])],
      [stay(7, 0, 11)],
      [session(0, 1, [7])],
    );
    expect(found[0]!.idleMs).toBe(minutes * MINUTE);
  });

  it('is idle without a session of any program on its card, and is not stopped by one on another', () => {
    const other = session(2, 4, [9], { program: 'ComfyUI', kind: 'diffusion' });
    const elsewhere = session(4, 6, [9], { program: 'ComfyUI', kind: 'diffusion' }, ['H']);
    const [model] = idleModels([card(watts(25, 10))], [stay(7, 0, 10)], [session(0, 1, [7]), other, elsewhere]);
    expect(model!.idleMs).toBe(7 * MINUTE);
  });

  it('is not idle while a session runs that has not ended', () =>
    expect(idleModels([card(watts(25, 10))], [stay(7, 0, 10)], [session(0, null, [7])])).toEqual([]));

  it('shares its card evenly with another one', () => {
    const other = session(1, 2, [8], { program: 'ComfyUI', kind: 'diffusion', model: 'flux', adapter: 'comfyui' });
    const found = idleModels([card(watts(30, 12))], [stay(7, 0, 12), stay(8, 0, 12)], [session(0, 1, [7]), other]);
    expect(found.map(({ energyJ, idleMs }) => [energyJ, idleMs])).toEqual(Array(2).fill([10 * 15 * 60, 10 * MINUTE]));
  });

  it('on two cards is loaded once, and draws on both', () => {
    const both = session(0, 1, [7], {}, ['G', 'H']);
    const cards = [card(watts(20, 11)), card(watts(30, 11), watts(0, 11), 'H')];
    const [model] = idleModels(cards, [stay(7, 0, 11), stay(7, 0, 11, 'python3', 'H')], [both]);
    expect(model).toMatchObject({ idleMs: 10 * MINUTE, energyJ: 10 * 50 * 60, gpuUuids: ['G', 'H'] });
  });
});

describe('whose model it is', () => {
  const minutes = card(watts(25, 20));
  const programs = (stays: readonly Presence[], sessions: readonly StoredSession[]) =>
    idleModels([minutes], stays, sessions).map(({ program, model }) => [program, model]);

  it('says the process of the session, and not a later one with the same PID', () =>
    expect(programs([stay(7, 0, 5), stay(7, 10, 20)], [session(0, 1, [7])])).toEqual([['Ollama', 'qwen3:32b']]));

  it('of an older session, its card, if only one process was on it', () => {
    expect(programs([stay(7, 0, 20)], [session(0, 1, undefined)])).toEqual([['Ollama', 'qwen3:32b']]);
    expect(programs([stay(7, 0, 20), stay(8, 0, 20, 'Xorg')], [session(0, 1, undefined)])).toEqual([]);
  });

  it('says its name, if it never worked', () =>
    expect(programs([stay(7, 0, 20, '/usr/bin/llama-server'), stay(8, 0, 20, 'Xorg')], [])).toEqual([
      ['llama.cpp', undefined],
    ]));

  it('names no model if it kept several', () => {
    const two = [session(0, 1, [7]), session(2, 3, [7], { model: 'llama3' })];
    expect(programs([stay(7, 0, 20)], two)).toEqual([['Ollama', undefined]]);
  });

  it.each(['training', 'other'] as const)('counts no program of kind %s', (kind) =>
    expect(programs([stay(7, 0, 20)], [session(0, 1, [7], { kind })])).toEqual([]),
  );
});

it('idle models never cost more than their cards drew, whatever was loaded and whatever worked', () => {
  const span = fc.tuple(fc.nat(60), fc.nat(60)).map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const);
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 600 }), { minLength: 60, maxLength: 60 }),
      fc.array(fc.tuple(span, fc.nat(4)), { maxLength: 6 }),
      fc.array(fc.tuple(span, fc.nat(4)), { maxLength: 6 }),
      (powerW, stays, sessions) => {
        const found = idleModels(
          [card(powerW)],
          stays.map(([[from, to], pid]) => stay(pid, from, to)),
          sessions.map(([[from, to], pid]) => session(from, to, [pid], { model: `m${pid}` })),
        );
        const total = found.reduce((sum, { energyJ }) => sum + energyJ, 0);
        expect(total).toBeLessThanOrEqual(powerW.reduce((sum, w) => sum + w * 60, 0) + 1e-6);
        for (const { energyJ, aboveJ = 0, idleMs } of found) {
          expect(aboveJ).toBeLessThanOrEqual(energyJ + 1e-6);
          expect(idleMs).toBeLessThanOrEqual(60 * MINUTE);
        }
      },
    ),
  );
});

describe('what is said about it', () => {
  const { t } = createI18n('en');
  const format = createFormatter('en', { temperatureUnit: 'C', currency: 'EUR' });
  const tariff = { pricePerKwh: 0.32, tariff: [], market: undefined };
  const idle: IdleModel = {
    program: 'Ollama',
    model: 'qwen3:32b',
    adapter: 'ollama',
    gpuUuids: ['G'],
    idleMs: 61 * 3_600_000,
    energyJ: 1.1 * 3.6e6,
    aboveJ: 0.4 * 3.6e6,
    slots: [{ fromMs: 0, energyJ: 1.1 * 3.6e6 }],
  };

  it('is how long, how much, how much of it is due to it, and how to unload it', () =>
    expect(idleTexts(idle, tariff, t, format)).toEqual([
      'qwen3:32b (Ollama) stayed loaded without work for 2 d 13 h: 1.10 kWh, €0.35.',
      '400 Wh of this only because a model was loaded. The card would have drawn the rest anyway.',
      'Unload it with: ollama stop qwen3:32b',
    ]));

  it('does not claim what is not known', () => {
    const { program, adapter, gpuUuids, idleMs, energyJ, slots } = idle;
    const unknown: IdleModel = { program, gpuUuids, idleMs, energyJ, slots, ...(adapter && { adapter }) };
    expect(idleTexts(unknown, { pricePerKwh: null, tariff: [], market: undefined }, t, format)).toEqual([
      'Ollama stayed loaded without work for 2 d 13 h: 1.10 kWh.',
      'The card would have drawn part of this anyway. How much is not known: it was never seen without a model.',
      'To unload it, end Ollama.',
    ]);
  });

  it.each([
    [{ program: 'Ollama', adapter: 'ollama', model: 'hf.co/a/b:Q4_K_M' }, 'ollama stop hf.co/a/b:Q4_K_M'],
    [{ program: 'Ollama', adapter: 'ollama', model: 'a; rm -rf ~' }, undefined],
    [{ program: 'Ollama', adapter: 'ollama' }, undefined],
    [{ program: 'LM Studio' }, 'lms unload --all'],
    [{ program: 'ComfyUI', adapter: 'comfyui' }, /^curl .*8188\/free/],
    [{ program: 'Forge', adapter: 'sd-webui' }, /^curl .*unload-checkpoint$/],
    [{ program: 'vLLM', adapter: 'vllm', model: 'a/b' }, undefined],
  ] as const)('%j is unloaded by %s', (one, command) => {
    const found = unloadCommand(one);
    if (command instanceof RegExp) expect(found).toMatch(command);
    else expect(found).toBe(command);
  });

  it.each([
    [undefined, [0, 0]],
    [{ fromMs: 5, toMs: 10 }, [5, 10]],
    [{ fromMs: 0, toMs: 8 * 86_400_000 }, [86_400_000, 8 * 86_400_000]],
  ])('is about the newest week of a history %j', (extent, week) => expect(newestWeek(extent)).toEqual(week));
});
