import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backOffMs } from '../../app/alerts/channels/back-off.ts';
import type { SendResult } from '../../app/alerts/channels/channel.ts';
import type { AlertMessage } from '../../app/alerts/channels/message.ts';
import type { OpenAny } from '../../app/alerts/channels/slot.ts';
import { changesFileOnly } from '../../app/alerts/channels/file-only.ts';
import { machineRules } from '../../app/alerts/machine-rules.ts';
import type { AlertRuleId } from '../../app/alerts/rules.ts';
import { err, ok } from '../../app/core/result.ts';
import { alertSettingsWith, openAlertWorld, settle } from '../support/alert-world.ts';
import { createTestClock, type TestClock } from '../support/clock.ts';
import { temporaryFolder } from '../support/folders.ts';
import { openSecrets } from '../../app/alerts/channels/secrets.node.ts';

const SECRET = 'https://example.org/sEcReT';
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const rules: AlertRuleId[] = machineRules.map(({ id }) => id).filter((id) => id !== 'driver-silent');

type Mode = 'tells' | 'up' | 'down' | 'slow' | 'lost-answer' | 'wait' | 'broken';

/** A receiver that behaves as told, and what arrived there. */
function createReceiver(clock: TestClock) {
  const state = { mode: 'up' as Mode };
  const arrived: { readonly message: AlertMessage; readonly atMs: number }[] = [];
  /** messages that arrived without the sender having been told so */
  const unconfirmed = new Set<string>();
  const underWay = new Set<string>();
  const failed = (): SendResult => err('source-unavailable', 'away');
  async function send(message: AlertMessage, signal: AbortSignal): Promise<SendResult> {
    switch (state.mode) {
      case 'down':
        return failed();
      case 'tells':
        return err('forbidden', `No access to ${SECRET}.`, `Check ${SECRET}.`);
      case 'broken':
        throw new Error('a fault of the channel');
      case 'wait':
        return { ...failed(), retryAfterMs: 10 * MINUTE } as SendResult;
      case 'lost-answer':
        arrived.push({ message, atMs: clock.wallMs() });
        unconfirmed.add(message.id);
        return failed();
      case 'slow': {
        arrived.push({ message, atMs: clock.wallMs() });
        underWay.add(message.id);
        await clock.sleep(20_000, signal);
        underWay.delete(message.id);
        if (!signal.aborted) return ok(undefined);
        unconfirmed.add(message.id);
        return failed();
      }
      case 'up':
        arrived.push({ message, atMs: clock.wallMs() });
        return ok(undefined);
    }
  }
  /** the sender is killed: it never hears of what is under way */
  const onKill = (): void => underWay.forEach((id) => unconfirmed.add(id));
  return { state, arrived, unconfirmed, send, onKill };
}

function openWorld(settings = alertSettingsWith({ webhook: {}, slack: { from: 'act' } })) {
  const clock = createTestClock();
  const folder = temporaryFolder();
  const secrets = openSecrets(folder, undefined);
  for (const id of ['webhook', 'slack', 'discord'] as const) secrets.set(id, 'url', SECRET);
  const receivers = { webhook: createReceiver(clock), slack: createReceiver(clock), discord: createReceiver(clock) };
  const open: OpenAny = async (id) => ({
    send: receivers[id as keyof typeof receivers].send,
    close: async () => undefined,
  });
  return { clock, ...receivers, ...openAlertWorld({ clock, settings, open, folder }) };
}

/** Moves the clock on in steps, as ticks do. */
async function pass(world: ReturnType<typeof openWorld>, ms: number): Promise<void> {
  const steps = Math.min(20, Math.ceil(ms / 5_000));
  for (let i = 0; i < steps; i++) {
    await world.clock.advance(ms / steps);
    await settle();
    world.tick();
  }
}

const seen = ({ arrived }: ReturnType<typeof createReceiver>) =>
  arrived.map(({ message }) => `${message.rule} ${message.kind}`);

describe('a field that only the settings file may change', () => {
  it('is the command to start, and nothing else', () => {
    const before = alertSettingsWith({});
    const command = before.channels.command;
    const after = (change: Partial<typeof command>) => alertSettingsWith({ command: { ...command, ...change } });
    expect(changesFileOnly(before, after({ on: true, from: 'act' }))).toBe(false);
    expect(changesFileOnly(before, alertSettingsWith({ ntfy: { server: 'https://example.org' } }))).toBe(false);
    expect(changesFileOnly(before, after({ command: ['touch', 'x'] }))).toBe(true);
    expect(changesFileOnly(after({ command: ['touch', 'x'] }), before)).toBe(true);
  });
});

describe('delivery of alerts', () => {
  it('sends what happened during a day without a network once, in order, with its own time', async () => {
    const world = openWorld();
    const startMs = world.clock.wallMs();
    world.webhook.state.mode = 'down';
    world.fire('recording-paused');
    await pass(world, HOUR);
    world.fire('disk-low');
    await pass(world, HOUR);
    world.clear('recording-paused');
    await pass(world, 22 * HOUR);
    expect(world.webhook.arrived).toEqual([]);
    expect(world.deliveries().states()[0]).toMatchObject({ id: 'webhook', waiting: 3, fault: { message: 'away' } });
    world.webhook.state.mode = 'up';
    await pass(world, 15 * MINUTE);
    expect(seen(world.webhook)).toEqual(['recording-paused fired', 'disk-low fired', 'recording-paused cleared']);
    const times = world.webhook.arrived.map(({ message }) => message.tsMs - startMs);
    expect(times).toEqual([0, HOUR, 2 * HOUR]);
    expect(world.deliveries().states()[0]).toMatchObject({
      waiting: 0,
      fault: null,
      deliveredMs: expect.any(Number),
    });
    expect(seen(world.slack)).toEqual(['recording-paused fired', 'recording-paused cleared']); // critical ones alone
    await world.close();
  });

  it('waits as long as the receiver asks, and longer after each failure, up to 15 minutes', async () => {
    const world = openWorld();
    world.webhook.state.mode = 'wait';
    world.fire('disk-low');
    await pass(world, MINUTE);
    world.webhook.state.mode = 'up';
    await pass(world, 8 * MINUTE);
    expect(world.webhook.arrived).toEqual([]);
    await pass(world, 2 * MINUTE);
    expect(seen(world.webhook)).toEqual(['disk-low fired']);
    await world.close();
    expect([1, 2, 3, 4, 9, 50].map((failures) => backOffMs(failures, 1))).toEqual([5e3, 1e4, 2e4, 4e4, 9e5, 9e5]);
    expect(backOffMs(3, 0)).toBe(1e4);
    expect(backOffMs(1, 0, 60_000)).toBe(60_000);
  });

  it('masks a secret that a channel repeats, in what it stores, logs and answers', async () => {
    const world = openWorld();
    world.webhook.state.mode = 'tells';
    world.fire('disk-low');
    await pass(world, MINUTE);
    const said = [world.deliveries().states(), world.store().messages.pending(), world.log];
    expect(JSON.stringify(said)).toContain('No access to •••.');
    expect(JSON.stringify(said)).not.toContain('sEcReT');
    expect(await world.deliveries().test('webhook')).toEqual({
      ok: false,
      error: { code: 'forbidden', message: 'No access to •••.', next: 'Check •••.' },
    });
    await world.close();
  });

  it('goes to the channels that a rule names, and to those that take its severity where it names none', async () => {
    const rulesOfUser = { 'disk-low': { channels: ['discord' as const] }, 'recording-paused': { channels: [] } };
    const world = openWorld(
      alertSettingsWith(
        { webhook: {}, slack: { from: 'act' }, discord: { on: true, cleared: false, from: 'act' } },
        { rules: rulesOfUser },
      ),
    );
    for (const rule of ['disk-low', 'recording-paused', 'clock-implausible'] as const) world.fire(rule);
    await pass(world, MINUTE);
    for (const rule of ['disk-low', 'recording-paused', 'clock-implausible'] as const) world.clear(rule);
    await pass(world, MINUTE);
    expect(seen(world.webhook)).toEqual(['clock-implausible fired', 'clock-implausible cleared']);
    expect(seen(world.slack)).toEqual([]);
    expect(seen(world.discord)).toEqual(['disk-low fired']); // it does not want to hear of ends
    await world.close();
  });

  it('sends nothing by a channel that is off, or that lacks what it needs', async () => {
    const world = openWorld(alertSettingsWith({ webhook: { on: false }, telegram: {} }));
    world.fire('disk-low');
    await pass(world, MINUTE);
    expect(world.store().messages.pending()).toEqual([]);
    expect(
      world
        .deliveries()
        .states()
        .find(({ id }) => id === 'telegram'),
    ).toMatchObject({ missing: ['token', 'chat'] });
    await world.close();
  });

  it('sends from memory while the disk fails, and not again when it works', async () => {
    const world = openWorld();
    world.setDisk(false);
    world.fire('disk-low');
    await pass(world, MINUTE);
    expect(seen(world.webhook)).toEqual(['disk-low fired']);
    world.setDisk(true);
    await pass(world, MINUTE);
    world.kill();
    await pass(world, MINUTE);
    expect(seen(world.webhook)).toEqual(['disk-low fired']);
    world.clear('disk-low');
    await pass(world, MINUTE);
    expect(seen(world.webhook)).toEqual(['disk-low fired', 'disk-low cleared']);
    await world.close();
  });

  it('notes what was delivered while the disk failed as soon as it works, so that a kill does not repeat it', async () => {
    const world = openWorld();
    world.fire('disk-low');
    world.setDisk(false);
    await pass(world, 1_000);
    expect(seen(world.webhook)).toEqual(['disk-low fired']);
    world.setDisk(true);
    world.tick();
    world.kill();
    await pass(world, MINUTE);
    expect(seen(world.webhook)).toEqual(['disk-low fired']);
    await world.close();
  });

  it('drops what is older than a week or too much, and says so', async () => {
    const world = openWorld();
    world.webhook.state.mode = 'down';
    world.fire('disk-low');
    await pass(world, 8 * 24 * HOUR);
    world.webhook.state.mode = 'up';
    await pass(world, HOUR);
    expect(world.webhook.arrived).toEqual([]);
    expect(world.deliveries().states()[0]).toMatchObject({ dropped: 1, waiting: 0 });
    expect(world.log.filter((entry) => entry.includes('dropped: it is a week old'))).toHaveLength(1);
    world.webhook.state.mode = 'down';
    for (let i = 0; i < 251; i++) {
      world.clear('disk-low');
      world.fire('disk-low');
    }
    await settle();
    expect(world.deliveries().states()[0]).toMatchObject({ waiting: 500 });
    expect(world.log.filter((entry) => entry.includes('too many are waiting')).length).toBeGreaterThan(0);
    await world.close();
  });

  it('loses nothing, repeats nothing and keeps the order, whatever fails and ends in between', async () => {
    const channel = fc.constantFrom('webhook' as const, 'discord' as const);
    const step = fc.oneof(
      { weight: 4, arbitrary: fc.record({ do: fc.constant('toggle' as const), rule: fc.constantFrom(...rules) }) },
      {
        weight: 3,
        arbitrary: fc.record({
          do: fc.constant('mode' as const),
          channel,
          mode: fc.constantFrom<Mode>('up', 'down', 'slow', 'lost-answer', 'wait', 'broken'),
        }),
      },
      {
        weight: 3,
        arbitrary: fc.record({
          do: fc.constant('pass' as const),
          ms: fc.constantFrom(1_000, 30_000, 10 * MINUTE, 5 * HOUR),
        }),
      },
      { weight: 1, arbitrary: fc.constant({ do: 'kill' as const }) },
      { weight: 1, arbitrary: fc.constant({ do: 'restart' as const }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('disk' as const), works: fc.boolean() }) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 24 }), async (steps) => {
        const world = openWorld(alertSettingsWith({ webhook: {}, discord: {} }));
        const expected: { readonly what: string; readonly tsMs: number }[] = [];
        const active = new Set<AlertRuleId>();
        let diskWorks = true;
        for (const one of steps) {
          if (one.do === 'toggle') {
            const kind = active.has(one.rule) ? 'cleared' : 'fired';
            expected.push({ what: `${one.rule} ${kind}`, tsMs: world.clock.wallMs() });
            if (kind === 'fired') active.add(one.rule);
            else active.delete(one.rule);
            if (kind === 'fired') world.fire(one.rule);
            else world.clear(one.rule);
          } else if (one.do === 'mode') world[one.channel].state.mode = one.mode;
          else if (one.do === 'pass') await pass(world, one.ms);
          else if (one.do === 'disk') world.setDisk((diskWorks = one.works));
          else if (!diskWorks)
            continue; // what was never written cannot survive the end of the recorder
          else if (one.do === 'kill') {
            world.tick();
            for (const { onKill } of [world.webhook, world.discord]) onKill();
            world.kill();
          } else await world.restart();
        }
        world.setDisk(true);
        for (const { state } of [world.webhook, world.discord]) state.mode = 'up';
        await pass(world, HOUR);
        for (const { arrived, unconfirmed } of [world.webhook, world.discord]) {
          const firsts = arrived.filter(
            ({ message }, i) => arrived.findIndex((one) => one.message.id === message.id) === i,
          );
          const repeated = arrived.filter((one) => !firsts.includes(one)).map(({ message }) => message.id);
          expect(repeated.filter((id) => !unconfirmed.has(id))).toEqual([]);
          expect(
            firsts.map(({ message }) => ({ what: `${message.rule} ${message.kind}`, tsMs: message.tsMs })),
          ).toEqual(expected);
        }
        expect(
          world
            .store()
            .messages.pending()
            .filter(({ outcome }) => outcome === null),
        ).toEqual([]);
        await world.close();
      }),
      { numRuns: 60 },
    );
  });
});
