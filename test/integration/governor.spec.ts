import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { settingsSchema, type Settings } from '../../app/settings/settings.ts';
import { tariffOf, type Tariff } from '../../app/workload/energy/tariff.ts';
import type { Program } from '../../app/workload/programs/programs.ts';
import { CONFIRM_MS, createByHand } from '../../app/governor/by-hand.ts';
import { createGovernor } from '../../app/governor/governor.node.ts';
import { createPolicy, type Situation } from '../../app/governor/policy.ts';
import { openLimitHelper, type LimitHelper } from '../../app/governor/limit-helper.node.ts';
import { temporaryFolder, threads } from '../support/folders.ts';
import { frameWith, tickWith } from '../support/frames.ts';
import { compileMock } from '../support/mock-nvml.ts';
import { sleeper, someoneElses, until, watched } from '../support/processes.ts';

type Limits = Partial<Settings['governor']>;
const settingsWith = (governor: Limits, more: Partial<Settings> = {}): Settings & Tariff =>
  tariffOf(settingsSchema.parse({ ...more, governor: { enabled: true, ...governor } }), undefined);
const situation = (more: Partial<Situation> = {}): Situation => ({
  tsMs: new Date(2026, 0, 12, 12).getTime(),
  tMs: 0,
  tempC: 60,
  powerW: 300,
  stressHours: 0,
  capRange: { minW: 100, ownW: 400 },
  ...more,
});
const policyWith = (governor: Limits, more: Partial<Settings> = {}) => {
  const settings = settingsWith(governor, more);
  return createPolicy(settings.governor, settings);
};

describe('the governor’s policy', () => {
  it('only tells, where it may do nothing', () => {
    const policy = policyWith({ powerW: 200, pricePerKwh: 0.1 }, { pricePerKwh: 0.3 });
    expect(policy.decide(situation())).toEqual({
      passed: ['power', 'price'],
      hold: undefined,
      capW: undefined,
      changed: undefined,
    });
  });

  it('holds work while electricity costs too much, and no longer', () => {
    const tariff = [{ days: 'all' as const, fromMin: 17 * 60, toMin: 20 * 60, pricePerKwh: 0.5 }];
    const policy = policyWith({ pricePerKwh: 0.3, mayHold: true }, { tariff, pricePerKwh: 0.2 });
    const at = (hour: number) => policy.decide(situation({ tsMs: new Date(2026, 0, 12, hour).getTime() })).hold;
    expect([at(16), at(17), at(19), at(20)]).toEqual([undefined, 'price', 'price', undefined]);
  });

  it('prefers a steady cap to stop-and-go for temperature', () => {
    const policy = policyWith({ coreTempC: 60, mayHold: true, mayCap: true });
    let capW: number | undefined;
    for (let s = 0; s < 300; s++) {
      const decision = policy.decide(situation({ tMs: s * 1000, tempC: 75 }));
      expect(decision.hold).toBeUndefined();
      capW = decision.capW ?? capW;
    }
    expect(capW).toBeLessThan(400);
  });

  it('holds for temperature only where no cap can be set, and not for a spike', () => {
    const policy = policyWith({ coreTempC: 60, mayHold: true });
    const at = (s: number, tempC: number) => policy.decide(situation({ tMs: s * 1000, tempC })).hold;
    expect([at(0, 75), at(5, 60), at(10, 75), at(39, 75)]).toEqual([undefined, undefined, undefined, undefined]);
    expect(at(41, 75)).toBe('temperature');
    expect(at(100, 40)).toBe('temperature'); // cool, but held for a moment only: cycling is wear too
    expect(at(400, 40)).toBeUndefined();
  });

  it('claims nothing of a card that tells nothing', () => {
    const policy = policyWith({ coreTempC: 60, powerW: 100, stressHoursPerDay: 1, mayHold: true, mayCap: true });
    const silent = { tempC: undefined, powerW: undefined, stressHours: undefined, capRange: undefined };
    for (let s = 0; s < 100; s++) expect(policy.decide(situation({ tMs: s * 1000, ...silent })).passed).toEqual([]);
  });
});

describe('a cap set by hand', () => {
  const open = () => {
    const caps: (number | 'own')[] = [];
    let fire = (): void => undefined;
    const ok = async (): Promise<{ ok: true; value: undefined }> => ({ ok: true, value: undefined });
    const byHand = createByHand({
      setCap: (_gpu, watts) => (caps.push(watts), ok()),
      releaseCap: () => (caps.push('own'), ok()),
      wallMs: () => 1000,
      after: (ms, task) => {
        expect(ms).toBe(CONFIRM_MS);
        fire = task;
        return () => (fire = () => undefined);
      },
    });
    return { byHand, caps, fire: () => fire() };
  };

  it('reverts unless it is confirmed', async () => {
    const { byHand, caps, fire } = open();
    await byHand.try('GPU', 250);
    expect(byHand.pending()).toEqual([{ gpuUuid: 'GPU', capW: 250, untilMs: 1000 + CONFIRM_MS }]);
    fire();
    expect(caps).toEqual([250, 'own']);
    expect(byHand.confirm('GPU')).toBe(false);
  });

  it('stays when confirmed; the next one falls back to it', async () => {
    const { byHand, caps, fire } = open();
    await byHand.try('GPU', 250);
    expect(byHand.confirm('GPU')).toBe(true);
    fire();
    await byHand.try('GPU', 200);
    fire();
    expect(caps).toEqual([250, 200, 250]);
    await byHand.release('GPU');
    expect(caps.at(-1)).toBe('own');
  });
});

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
    const { did, feed } = governed({ powerW: 340, mayCap: true });
    await feed();
    expect(did).toEqual([]);
  });

  it('releases one card that stops responding, and keeps the other', async () => {
    const { did, feed } = governed({ powerW: 200, mayCap: true });
    await feed();
    expect(did).toEqual(['cap GPU-test-0 200', 'cap GPU-test-1 200']);
    for (let s = 0; s < 12; s++) await feed(1);
    expect(did.slice(2)).toEqual(['release GPU-test-1']);
    await feed();
    expect(did.slice(3)).toEqual(['cap GPU-test-1 200']);
  });

  it('leaves a cap set by hand alone, and sets its own again when the user releases it', async () => {
    const { governor, did, feed } = governed({ powerW: 200, mayCap: true });
    await feed();
    await governor.tryCap('GPU-test-0', 250);
    governor.confirmCap('GPU-test-0');
    await feed();
    expect(governor.status().caps).toContainEqual({ gpuUuid: 'GPU-test-0', capW: 250, by: 'hand' });
    governor.applySettings(settingsWith({ powerW: 220, mayCap: true }));
    await feed();
    await feed();
    expect(did.slice(2)).toEqual(['cap GPU-test-0 250', 'release GPU-test-1', 'cap GPU-test-1 220']);
    await governor.releaseCap('GPU-test-0');
    await feed();
    expect(did.slice(5)).toEqual(['release GPU-test-0', 'cap GPU-test-0 220']);
  });

  it('undoes a cap set by hand too when telemetry is lost', async () => {
    const { governor, did, feed, pass } = governed({ powerW: 340, mayCap: true });
    await feed();
    await governor.tryCap('GPU-test-0', 250);
    governor.confirmCap('GPU-test-0');
    pass(60_000);
    while (!did.includes('undo')) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(governor.status()).toMatchObject({ caps: [], log: [{ what: 'undone', why: 'telemetry-lost' }] });
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
  ])('answers a wish for %j at %d W by hand with: %s', async (uuid, capW, answer) => {
    const { governor, did, feed } = governed({});
    await feed(1); // the second card tells nothing
    const tried = await governor.tryCap(uuid, capW);
    expect(tried.ok ? 'ok' : tried.error.message).toContain(answer);
    expect(did).toEqual(answer === 'ok' ? [`cap ${uuid} ${capW}`] : []);
  });

  it('restores no power limit of a GPU that is not being read', async () => {
    const { governor, did, feed } = governed({});
    await feed();
    expect(await governor.releaseCap('GPU-old')).toMatchObject({ ok: false, error: { code: 'not-found' } });
    expect(did).toEqual([]);
  });

  it('sets no power limit on a card that does not report which it accepts', async () => {
    const { governor, did } = governed({ powerW: 200, mayCap: true });
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
    const { governor, feed, lose } = governed({ powerW: 200, mayCap: true });
    await feed();
    lose(false);
    expect(governor.status().log.at(-1)).toMatchObject({ what: 'left', why: 'helper-lost' });
  });
});

describe('slowburn monitor that governs', () => {
  const parties = ['the collector', 'its helper', 'its watchdog'] as const;
  it.each([
    { killed: parties.slice(0, 1), by: 'the helper’s watchdog' },
    { killed: parties.slice(0, 2), by: 'the watchdog' },
    { killed: parties, by: 'the next start' },
  ])('continues a paused program after $killed were killed: $by does', async ({ killed, by }) => {
    const folder = temporaryFolder();
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e9)', '/x/ComfyUI/main.py'], {
      stdio: 'ignore',
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    const program = watched(child.pid!);
    const control = path.join(folder, 'control');
    fs.writeFileSync(control, `set 0 process_pid ${child.pid}\nset * gpu_util 0\nset * process_sm 0\n`);
    const governor = { enabled: true, mayHold: true, pricePerKwh: 0.1 };
    fs.writeFileSync(path.join(folder, 'settings.json'), JSON.stringify({ pricePerKwh: 0.4, governor }));
    const slowburn = fileURLToPath(new URL('slowburn.js', threads));
    const args = ['monitor', '--source', `nvml:${compileMock()}`, '--interval', '0.2', '--data-dir', folder];
    const start = () => {
      const monitor = spawn(process.execPath, [slowburn, ...args], {
        stdio: 'ignore',
        env: { ...process.env, MOCK_NVML_CONTROL: control },
      });
      onTestFinished(() => void monitor.kill('SIGKILL'));
      return { monitor, ended: new Promise((resolve) => monitor.on('exit', resolve)) };
    };
    const first = start();
    expect(await until(program.stopped)).toBe(true);
    const journal = path.join(folder, 'governor.journal');
    const [, helper, , watchdog] = /^helper \S+ (\d+) (\d+) (\d+) /.exec(fs.readFileSync(journal, 'utf8'))!;
    const pids = [first.monitor.pid!, Number(helper), Number(watchdog)].slice(0, killed.length);
    for (const pid of pids.reverse()) process.kill(pid, 'SIGKILL'); // the watchdog first: it has no time to act
    await first.ended;
    if (by === 'the next start') {
      expect(program.stopped()).toBe(true); // none was left to continue it: the next start does, whatever its limits
      fs.writeFileSync(path.join(folder, 'settings.json'), '{}');
      const next = start();
      expect(await until(() => !program.stopped())).toBe(true);
      next.monitor.kill('SIGTERM');
      await next.ended;
    } else expect(await until(() => !program.stopped())).toBe(true);
    expect(await until(() => !fs.existsSync(journal))).toBe(true);
  });
});
