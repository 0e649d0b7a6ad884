import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { settingsSchema, type Settings } from '../../app/settings/settings.ts';
import { tariffOf, type Tariff } from '../../app/workload/energy/tariff.ts';
import type { Program } from '../../app/workload/programs/programs.ts';
import { createGovernor } from '../../app/governor/governor.node.ts';
import { openLimitHelper, type LimitHelper } from '../../app/governor/limit-helper.node.ts';
import { temporaryFolder } from '../support/folders.ts';
import { frameWith, tickWith } from '../support/frames.ts';
import { sleeper, someoneElses, until } from '../support/processes.ts';

type Limits = Partial<Settings['governor']>;
const settingsWith = (governor: Limits, more: Partial<Settings> = {}): Settings & Tariff =>
  tariffOf(settingsSchema.parse({ ...more, governor: { enabled: true, ...governor } }), undefined);

const comfyui = (pids: readonly number[]): Program => ({
  key: 'comfyui:1',
  match: { id: 'comfyui', name: 'ComfyUI', kind: 'diffusion', evidence: 'command' },
  name: 'ComfyUI',
  pids,
  gpuUuids: ['GPU-test-0'],
  loads: true,
});

describe('the governor', () => {
  it('holds a person’s own generating process, tells why, and resumes it when telemetry is lost', async () => {
    const held = sleeper();
    const program = comfyui([held.pid]);
    let made = 3;
    let monoMs = 0;
    const journal = path.join(temporaryFolder(), 'governor.journal');
    const governor = createGovernor({
      settings: settingsWith({ pricePerKwh: 0.1, mayHold: true }, { pricePerKwh: 0.4 }),
      openHelper: (onLost) => openLimitHelper({ journal, onLost }),
      programs: () => [program],
      progress: () => ({ running: 1, made }),
      stressTodayHours: () => undefined,
      onAction: () => undefined,
      wallMs: () => Date.now(),
      monoMs: () => monoMs,
    });
    onTestFinished(() => governor.close());
    const real = { kind: 'nvml', label: 'Test', simulated: false } as const;
    const feed = (): void => {
      monoMs += 1000;
      governor.feed({ ...tickWith(Date.now(), 1000, [frameWith({ coreTempC: 60, powerW: 200 })]), source: real });
    };
    for (let i = 0; i < 5; i++) {
      feed();
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(held.stopped()).toBe(false); // an image is in work: it waits for its end
    made = 4;
    feed();
    await until(held.stopped);
    await until(() => governor.status().held.length === 1);
    expect(governor.status().held).toMatchObject([{ program: 'ComfyUI', why: 'price' }]);
    expect(governor.status().log.map(({ what, why }) => `${what} ${why}`)).toEqual(['passed price', 'held price']);
    monoMs += 60_000; // no tick any more
    await until(() => !held.stopped());
    await until(() => governor.status().log.at(-1)?.what === 'undone');
    expect(governor.status().log.at(-1)).toMatchObject({ what: 'undone', why: 'telemetry-lost' });
  });

  /** A limit helper that only remembers its orders. */
  function rememberingHelper() {
    const did: string[] = [];
    const ok = async (text: string) => (did.push(text), { ok: true as const, value: undefined });
    const helper: LimitHelper = {
      hold: async (processes) => (did.push(`hold ${processes.length}`), { ok: true, value: 'held' }),
      resume: (processes) => ok(`resume ${processes.length}`),
      setLimit: (gpu, watts) => ok(`cap ${gpu} ${watts}`),
      restoreLimit: (gpu) => ok(`release ${gpu}`),
      undo: () => ok('undo'),
      close: async () => undefined,
      pid: () => undefined,
    };
    return { did, helper };
  }

  function governed(limits: Limits, pids: readonly number[] = [], more: Partial<Settings> = {}) {
    const { did, helper } = rememberingHelper();
    let monoMs = 0;
    let lose: (undone: boolean) => void = () => undefined;
    const governor = createGovernor({
      settings: settingsWith(limits, more),
      openHelper: (onLost) => ((lose = onLost), helper),
      programs: () => (pids.length > 0 ? [comfyui(pids)] : []),
      progress: () => undefined,
      stressTodayHours: () => undefined,
      onAction: () => undefined,
      wallMs: () => 0,
      monoMs: () => monoMs,
    });
    onTestFinished(() => governor.close());
    /** One tick of two cards; a silent one tells nothing. */
    const feed = async (...silent: readonly number[]): Promise<void> => {
      monoMs += 1000;
      const frames = [0, 1].map((i) =>
        frameWith(
          silent.includes(i)
            ? {}
            : { coreTempC: 60, powerW: 300, powerLimitW: 320, powerMinLimitW: 100, powerMaxLimitW: 400 },
        ),
      );
      governor.feed({ ...tickWith(monoMs, 1000, frames), source: { kind: 'nvml', label: 'Test', simulated: false } });
      await new Promise((resolve) => setImmediate(resolve));
    };
    return { governor, did, feed, lose: (undone: boolean) => lose(undone), pass: (ms: number) => (monoMs += ms) };
  }

  it('never goes above the cap that a person had set before', async () => {
    const { did, feed } = governed({ powerW: 340, maySetLimit: true });
    await feed();
    expect(did).toEqual([]);
  });

  it('releases one card that stops responding, and keeps the other', async () => {
    const { did, feed } = governed({ powerW: 200, maySetLimit: true });
    await feed();
    expect(did).toEqual(['cap GPU-test-0 200', 'cap GPU-test-1 200']);
    for (let s = 0; s < 12; s++) await feed(1);
    expect(did.slice(2)).toEqual(['release GPU-test-1']);
    await feed();
    expect(did.slice(3)).toEqual(['cap GPU-test-1 200']);
  });

  it('leaves a cap set by hand alone, and sets its own again when the user releases it', async () => {
    const { governor, did, feed } = governed({ powerW: 200, maySetLimit: true });
    await feed();
    await governor.tryLimit('GPU-test-0', 250);
    governor.confirmLimit('GPU-test-0');
    await feed();
    expect(governor.status().powerLimits).toContainEqual({ gpuUuid: 'GPU-test-0', limitW: 250, by: 'hand' });
    governor.applySettings(settingsWith({ powerW: 220, maySetLimit: true }));
    await feed();
    await feed();
    expect(did.slice(2)).toEqual(['cap GPU-test-0 250', 'release GPU-test-1', 'cap GPU-test-1 220']);
    await governor.restoreLimit('GPU-test-0');
    await feed();
    expect(did.slice(5)).toEqual(['release GPU-test-0', 'cap GPU-test-0 220']);
  });

  it('undoes a cap set by hand too when telemetry is lost', async () => {
    const { governor, did, feed, pass } = governed({ powerW: 340, maySetLimit: true });
    await feed();
    await governor.tryLimit('GPU-test-0', 250);
    governor.confirmLimit('GPU-test-0');
    pass(60_000);
    while (!did.includes('undo')) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(governor.status()).toMatchObject({ powerLimits: [], log: [{ what: 'undone', why: 'telemetry-lost' }] });
  });

  it.each([
    ['GPU-test-0', 100, 'ok'],
    ['GPU-test-0', 400, 'ok'],
    ['GPU-test-0', 99, 'from 100 to 400 W'],
    ['GPU-test-0', 401, 'from 100 to 400 W'],
    ['GPU-test-0', 250.5, 'from 100 to 400 W'],
    ['GPU-test-1', 250, 'does not report which power limits it accepts'],
    ['GPU-test-2', 250, 'No GPU with this identifier is being read'],
    ['GPU-test-0 300\nlimit GPU-test-1', 250, 'No GPU with this identifier is being read'],
  ])('answers a wish for %j at %d W by hand with: %s', async (uuid, limitW, answer) => {
    const { governor, did, feed } = governed({});
    await feed(1); // the second card tells nothing
    const tried = await governor.tryLimit(uuid, limitW);
    expect(tried.ok ? 'ok' : tried.error.message).toContain(answer);
    expect(did).toEqual(answer === 'ok' ? [`cap ${uuid} ${limitW}`] : []);
  });

  it('restores no power limit of a GPU that is not being read', async () => {
    const { governor, did, feed } = governed({});
    await feed();
    expect(await governor.restoreLimit('GPU-old')).toMatchObject({ ok: false, error: { code: 'not-found' } });
    expect(did).toEqual([]);
  });

  it('sets no power limit on a card that does not report which it accepts', async () => {
    const { governor, did } = governed({ powerW: 200, maySetLimit: true });
    const frame = frameWith({ coreTempC: 60, powerW: 300, powerLimitW: 320, powerMinLimitW: 100 });
    governor.feed({ ...tickWith(1000, 1000, [frame]), source: { kind: 'nvml', label: 'Test', simulated: false } });
    await new Promise((resolve) => setImmediate(resolve));
    expect(did).toEqual([]);
  });

  it('says once why it does not pause a program of another user, and does nothing to it', async () => {
    const program = someoneElses();
    const { governor, did, feed } = governed({ pricePerKwh: 0.1, mayHold: true }, [program.pid], { pricePerKwh: 0.4 });
    for (let s = 0; s < 200; s++) await feed();
    const refusals = governor.status().log.filter(({ what }) => what === 'not-held');
    expect(refusals).toMatchObject([{ why: 'other-user', program: 'ComfyUI', gpuUuid: 'GPU-test-0' }]);
    expect([did, governor.status().held, program.stopped()]).toEqual([[], [], false]);
  });

  it('does not say that a cap was undone when the helper with rights was lost', async () => {
    const { governor, feed, lose } = governed({ powerW: 200, maySetLimit: true });
    await feed();
    lose(false);
    expect(governor.status().log.at(-1)).toMatchObject({ what: 'left', why: 'helper-lost' });
  });
});
