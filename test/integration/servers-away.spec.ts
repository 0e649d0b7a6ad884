import { describe, expect, it, onTestFinished } from 'vitest';
import { openChannels } from '../../app/alerts/channels/open-channel.node.ts';
import { machineRules } from '../../app/alerts/machine-rules.ts';
import { alertSettingsWith, openAlertWorld, settle } from '../support/alert-world.ts';
import { startBroker, until } from '../support/broker.ts';
import { createTestClock } from '../support/clock.ts';
import { temporaryFolder } from '../support/folders.ts';
import { mailServer } from '../support/mail-server.ts';

// The real queue and the real channels; the mail server and the broker are real too, and gone for a day of a clock that the
// test moves.

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const STEP_MS = 10_000;
const rules = machineRules.map(({ id }) => id).filter((id) => id !== 'driver-silent');

async function openAway() {
  const mail = await mailServer({ disabledCommands: ['STARTTLS'] });
  const broker = await startBroker();
  await mail.close();
  await broker.kill();
  const folder = temporaryFolder();
  const clock = createTestClock();
  const settings = alertSettingsWith({
    email: {
      host: 'localhost',
      port: mail.port,
      security: 'none',
      fromAddress: 'gpu@example.org',
      to: ['anna@example.org'],
    },
    mqtt: { host: '127.0.0.1', port: broker.port, homeAssistant: false },
  });
  const openReal = openChannels({ dataFolder: folder, titleOf: ({ rule }) => rule });
  let sending = 0;
  const world = openAlertWorld({
    clock,
    settings,
    folder,
    async open(...given) {
      const channel = await openReal(...given);
      return {
        ...channel,
        async send(...sent) {
          sending++;
          return channel.send(...sent).finally(() => sending--);
        },
      };
    },
  });
  onTestFinished(() => world.close());
  /** Moves the clock, which stands still while a real socket is in use. */
  async function pass(ms: number): Promise<void> {
    for (let passedMs = 0; passedMs < ms; passedMs += STEP_MS) {
      await clock.advance(STEP_MS);
      await settle();
      while (sending > 0) await new Promise((resolve) => setTimeout(resolve, 2));
      world.tick();
    }
  }
  return { world, clock, pass, mailPort: mail.port, brokerPort: broker.port };
}

describe('a mail server and a broker that are away for a day', () => {
  it('get every alert and its end afterwards, once, in order, with the time when it happened', async () => {
    const { world, clock, pass, mailPort, brokerPort } = await openAway();
    const happened: { readonly event: string; readonly rule: string; readonly time: string }[] = [];
    const note = (event: string, rule: string) =>
      happened.push({ event, rule, time: new Date(clock.wallMs()).toISOString() });
    for (const rule of rules) {
      world.fire(rule);
      note('fired', rule);
      await pass(2 * HOUR);
      world.clear(rule);
      note('cleared', rule);
      await pass(2 * HOUR);
      if (rule === rules[1]) await world.restart();
      if (rule === rules[2]) world.kill();
    }
    const mail = await mailServer({ port: mailPort, disabledCommands: ['STARTTLS'] });
    const broker = await startBroker({ port: brokerPort });
    await until(async () => {
      await pass(5 * MINUTE);
      return mail.posts.length >= happened.length && broker.published.length >= happened.length;
    });
    await pass(HOUR); // nothing comes a second time
    const events = broker.published.map(({ payload }) => {
      const { event, rule, time } = JSON.parse(payload) as Record<'event' | 'rule' | 'time', string>;
      return { event, rule, time };
    });
    expect(events).toEqual(happened);
    const ids = mail.posts.map(({ text }) => /^Message-ID: <slowburn\.(\S+)\.message@/m.exec(text)![1]!);
    expect(new Set(ids).size).toBe(happened.length);
    expect(ids.map((id) => id.split('.')[1])).toEqual(happened.map(({ event }) => event));
    const sentAt = mail.posts.map(({ text }) => Date.parse(/^Date: (.*)$/m.exec(text)![1]!));
    for (const ms of sentAt) expect(Math.abs(ms - Date.now())).toBeLessThan(10 * MINUTE);
    expect(
      world
        .deliveries()
        .states()
        .filter(({ id }) => ['email', 'mqtt'].includes(id)),
    ).toMatchObject([
      { waiting: 0, dropped: 0, fault: null },
      { waiting: 0, dropped: 0, fault: null },
    ]);
  });

  it('are reported with their cause meanwhile', async () => {
    const { world, pass } = await openAway();
    world.fire(rules[0]!);
    await pass(5 * MINUTE);
    const faults = world
      .deliveries()
      .states()
      .flatMap(({ fault }) => (fault ? [fault.message] : []));
    expect(faults).toEqual([
      expect.stringMatching(/^The mail server localhost:\d+ cannot be reached\.$/),
      expect.stringMatching(/^The broker 127\.0\.0\.1:\d+ cannot be reached\.$/),
    ]);
  });
});
