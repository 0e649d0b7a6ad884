import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import tls from 'node:tls';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openMqtt, type MqttContext } from '../../app/alerts/channels/mqtt.node.ts';
import type { ChannelValues } from '../../app/alerts/channels/channels.ts';
import { removeAnnounced } from '../../app/alerts/mqtt/removal.node.ts';
import { mqttStateFile, readMqttState } from '../../app/alerts/mqtt/state-file.node.ts';
import type { StoredAlert } from '../../app/alerts/schema.ts';
import type { AppError } from '../../app/core/result.ts';
import { applyEntry } from '../../app/alerts/episode.ts';
import type { Tick } from '../../app/telemetry/sampler.ts';
import type { SourceKind } from '../../app/telemetry/source-kinds.ts';
import { firedEntry } from '../support/alerts.ts';
import { retainedOn, startBroker, startHome, until } from '../support/broker.ts';
import { temporaryFolder } from '../support/folders.ts';
import { frameWith, tickWith } from '../support/frames.ts';
import { alertMessageWith, deliverAll, sendTo } from '../support/messages.ts';

const fixtures = path.resolve('test/fixtures/tls');
const START = Date.UTC(2026, 2, 1);
const CARD = 'GPU-test-0';

const values: ChannelValues<'mqtt'> = {
  host: '127.0.0.1',
  port: 0,
  tls: false,
  caFile: '',
  user: '',
  baseTopic: 'slowburn',
  homeAssistant: true,
  discoveryPrefix: 'homeassistant',
  everyS: 5,
};

async function open(change: Partial<ChannelValues<'mqtt'>>, folder = temporaryFolder(), password?: string) {
  const reports: (AppError | undefined)[] = [];
  const context: MqttContext = {
    settings: { ...values, ...change },
    secrets: password === undefined ? {} : { password },
    dataFolder: folder,
    titleOf: ({ rule }) => rule,
    report: (fault) => reports.push(fault),
  };
  const channel = await openMqtt(context, 50);
  let closed: Promise<void> | undefined;
  const close = () => (closed ??= channel.close());
  onTestFinished(close);
  return { ...channel, close, reports, folder };
}

/** A tick of measured cards, `s` seconds after the start. */
const tick = (s: number, readings: Parameters<typeof frameWith>[0][], kind: SourceKind = 'nvml'): Tick => {
  const made = tickWith(START + s * 1000, s === 0 ? undefined : 1000, readings.map(frameWith));
  return { ...made, axisMs: s * 1000, source: { kind, label: kind, simulated: kind === 'simulator' } };
};
const usual = { coreTempC: 61, powerW: 200, gpuUtilPct: 97, energyMj: 5_000_000 };
const alert = (gpuUuid: string | null): StoredAlert =>
  applyEntry([], firedEntry(gpuUuid === null ? 'disk-low' : 'gpu-lost', START, gpuUuid), 1)[0]!;

describe('Home Assistant', () => {
  it('finds each card with its readings, and the recorder, from retained messages', async () => {
    const broker = await startBroker();
    const channel = await open({ port: broker.port });
    channel.onTick!(tick(0, [usual, { ...usual, coreTempC: 40, gpuUtilPct: 0 }]), true);
    await until(async () => (await retainedOn(broker.port)).size === 7);
    const home = await startHome(broker.port); // it was started after all of this was sent
    await until(() => home.state(`${CARD}_temperature`) === '61');
    expect(home.devices().map(({ device }) => device.name)).toEqual(
      expect.arrayContaining(['Slowburn', 'Test GPU 0', 'Test GPU 1']),
    );
    await until(() => home.state('GPU-test-1_utilisation') === '0');
    expect(home.state(`${CARD}_energy`)).toBe('0');
    expect(home.state(`${CARD}_state`)).toBe('ok');
    expect(home.state('_problem')).toBe('OFF');
  });

  it('gets readings at the interval only, and at once when an alert fires or ends', async () => {
    const broker = await startBroker();
    const home = await startHome(broker.port);
    const channel = await open({ port: broker.port });
    const shown = () => home.history(`${CARD}_temperature`).filter((state) => state !== 'unavailable');
    channel.onTick!(tick(0, [usual]), true);
    await until(() => shown().length === 1);
    for (let s = 1; s < 5; s++) channel.onTick!(tick(s, [{ ...usual, coreTempC: 61 + s }]), true);
    channel.onTick!(tick(5, [{ ...usual, coreTempC: 66 }]), true);
    await until(() => shown().at(-1) === '66');
    expect(shown()).toEqual(['61', '66']);
    channel.onFiring!([alert(CARD), alert(null)]);
    await until(() => home.state(`${CARD}_problem`) === 'ON');
    expect(home.state(`${CARD}_alerts`)).toBe('gpu-lost');
    channel.onFiring!([]);
    await until(() => home.state(`${CARD}_problem`) === 'OFF');
    expect(home.state(`${CARD}_alerts`)).toBe('None');
  });

  it('shows a card that disappears as lost, without readings, and keeps its energy', async () => {
    const broker = await startBroker();
    const home = await startHome(broker.port);
    const channel = await open({ port: broker.port });
    channel.onTick!(tick(0, [usual]), true);
    channel.onTick!(tick(1, [{ ...usual, energyMj: 5_400_000 }]), true);
    channel.onTick!(tick(5, [usual].slice(1)), true);
    await until(() => home.state(`${CARD}_state`) === 'not responding');
    expect(home.state(`${CARD}_temperature`)).toBeUndefined();
    expect(home.state(`${CARD}_energy`)).toBe('0.000111');
  });

  it('shows everything as unavailable when the recorder ends, and when it is killed', async () => {
    const broker = await startBroker();
    const home = await startHome(broker.port);
    const channel = await open({ port: broker.port });
    channel.onTick!(tick(0, [usual]), true);
    await until(() => home.state(`${CARD}_temperature`) === '61');
    await channel.close();
    await until(() => home.state(`${CARD}_temperature`) === undefined);
    expect([...home.entities().values()].every(({ state }) => state === undefined)).toBe(true);
    expect(home.raw.filter(({ payload }) => payload === 'offline').length).toBe(1);

    const sockets: net.Socket[] = [];
    const relay = net.createServer((socket) => {
      const upstream = net.connect(broker.port, '127.0.0.1');
      sockets.push(socket, upstream);
      socket.pipe(upstream).pipe(socket);
      for (const one of [socket, upstream]) one.on('error', () => undefined);
    });
    await new Promise<void>((resolve) => relay.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void relay.close());
    const again = await open({ port: (relay.address() as net.AddressInfo).port }, channel.folder);
    again.onTick!(tick(10, [usual]), true);
    await until(() => home.state(`${CARD}_temperature`) === '61');
    relay.close();
    sockets.forEach((socket) => socket.destroy()); // what a broker sees of a process that was killed
    await until(() => home.state(`${CARD}_temperature`) === undefined);
  });

  it('sees the same devices and an energy total that never goes back over restarts and kills', async () => {
    const broker = await startBroker();
    const home = await startHome(broker.port);
    const folder = temporaryFolder();
    let energyMj = 5_000_000;
    for (let run = 0; run < 4; run++) {
      const channel = await open({ port: broker.port }, folder);
      for (let s = 0; s <= 20; s++) {
        energyMj += 200_000;
        channel.onTick!(tick(run * 100 + s, [{ ...usual, energyMj }]), true);
      }
      await until(() => home.history(`${CARD}_energy`).filter((state) => state !== 'unavailable').length > run);
      if (run === 1) {
        // a kill: what was counted since the last save is lost; the counter of the card is not
        const before = fs.readFileSync(mqttStateFile(folder));
        await channel.close();
        fs.writeFileSync(mqttStateFile(folder), before);
      } else await channel.close();
      if (run === 2) energyMj = 0; // the driver is loaded again
    }
    const shown = home
      .history(`${CARD}_energy`)
      .filter((state) => state !== 'unavailable')
      .map(Number);
    expect(shown).toEqual(shown.toSorted((a, b) => a - b));
    const total = readMqttState(folder)!.cards[CARD]!.energy!;
    expect(total.joules).toBe(62 * 200 + 21 * 200);
    expect(home.devices().length).toBe(2);
  });

  it('gets nothing of cards that are simulated or replayed', async () => {
    const broker = await startBroker();
    const channel = await open({ port: broker.port });
    channel.onTick!(tick(0, [usual], 'simulator'), true);
    channel.onTick!(tick(1, [usual], 'replay'), true);
    channel.onFiring!([alert(CARD)]);
    await channel.close();
    expect(await retainedOn(broker.port)).toEqual(new Map());
    expect(readMqttState(channel.folder)).toMatchObject({ cards: {}, announced: [] });
  });

  it('forgets the devices when it is switched off, also on a broker that was away then', async () => {
    const broker = await startBroker();
    const home = await startHome(broker.port);
    const channel = await open({ port: broker.port });
    channel.onTick!(tick(0, [usual]), true);
    await until(() => home.state(`${CARD}_temperature`) === '61');
    await channel.close();
    const away = { host: '127.0.0.1', port: 1, tls: false, user: '' };
    expect((await removeAnnounced(channel.folder, away)).ok).toBe(false);
    expect(home.devices().length).toBe(2);
    const joules = readMqttState(channel.folder)!.cards[CARD]!.energy!.joules;
    expect((await removeAnnounced(channel.folder, { ...away, port: broker.port })).ok).toBe(true);
    await until(() => home.devices().length === 0);
    expect(await retainedOn(broker.port)).toEqual(new Map());
    expect(readMqttState(channel.folder)).toMatchObject({ announced: [], cards: { [CARD]: { energy: { joules } } } });
  });

  it('forgets the old names when the base topic or the prefix changes', async () => {
    const broker = await startBroker();
    const first = await open({ port: broker.port, baseTopic: 'old', discoveryPrefix: 'ha' });
    first.onTick!(tick(0, [usual]), true);
    await until(async () => [...(await retainedOn(broker.port)).keys()].some((topic) => topic.startsWith('old/')));
    await first.close();
    const second = await open({ port: broker.port }, first.folder);
    second.onTick!(tick(0, [usual]), true);
    await until(async () => {
      const topics = [...(await retainedOn(broker.port)).keys()];
      return topics.length === 5 && topics.every((topic) => /^(slowburn|homeassistant)\//.test(topic));
    });
  });

  it('gets everything again from a broker that lost it', async () => {
    const broker = await startBroker();
    const channel = await open({ port: broker.port });
    channel.onTick!(tick(0, [usual]), true);
    await until(async () => (await retainedOn(broker.port)).size === 5);
    await broker.kill();
    await until(() => channel.reports.at(-1)?.code === 'source-unavailable');
    const fresh = await startBroker({ port: broker.port });
    await until(async () => (await retainedOn(fresh.port)).size === 5);
    expect(channel.reports.at(-1)).toBeUndefined();
  });

  it('gets no new total while the disk does not take it', async () => {
    const broker = await startBroker();
    const home = await startHome(broker.port);
    const channel = await open({ port: broker.port });
    channel.onTick!(tick(0, [usual]), true);
    await until(() => home.state(`${CARD}_energy`) === '0');
    fs.mkdirSync(`${mqttStateFile(channel.folder)}.${process.pid}.tmp`);
    fs.writeFileSync(path.join(`${mqttStateFile(channel.folder)}.${process.pid}.tmp`, 'x'), '');
    channel.onTick!(tick(5, [{ ...usual, coreTempC: 70, energyMj: 6_000_000 }]), true);
    await until(() => home.state(`${CARD}_temperature`) === '70');
    expect(home.state(`${CARD}_energy`)).toBe('0');
    expect(channel.reports.some((fault) => fault?.code === 'write-failed')).toBe(true);
  });
});

describe('an alert message over MQTT', () => {
  it('is an event with QoS 1 that no broker keeps, with and without the devices', async () => {
    for (const homeAssistant of [true, false]) {
      const broker = await startBroker();
      const home = await startHome(broker.port);
      const channel = await open({ port: broker.port, homeAssistant });
      channel.onTick!(tick(0, [usual]), true);
      if (homeAssistant) await until(() => home.devices().length === 2);
      const result = await sendTo(channel, alertMessageWith('m1'));
      expect(result).toEqual({ ok: true, value: undefined });
      await until(() => home.raw.some(({ topic }) => topic.endsWith('/alert')));
      const { payload } = home.raw.find(({ topic }) => topic.endsWith('/alert'))!;
      expect(JSON.parse(payload)).toMatchObject({ event_type: 'fired', id: 'm1', time: '2026-03-01T12:00:00.000Z' });
      if (homeAssistant) expect(home.events).toMatchObject([{ event_type: 'fired', id: 'm1' }]);
      expect([...(await retainedOn(broker.port)).keys()].filter((topic) => topic.endsWith('/alert'))).toEqual([]);
      if (!homeAssistant) expect((await retainedOn(broker.port)).size).toBe(0);
    }
  });

  const idsOf = (broker: Awaited<ReturnType<typeof startBroker>>): string[] =>
    broker.published
      .filter(({ topic }) => topic.endsWith('/alert'))
      .map(({ payload }) => (JSON.parse(payload) as { id: string }).id);
  const messages = Array.from({ length: 10 }, (_, i) => alertMessageWith(`m${i}`));
  const ids = messages.map(({ id }) => id);

  it('arrives once, in order, and with its own time, from a broker that was away at first', async () => {
    const gone = await startBroker();
    await gone.kill();
    const channel = await open({ port: gone.port });
    channel.onTick!(tick(0, [usual]), true);
    const done = deliverAll(channel, messages);
    await until(() => channel.reports.filter((fault) => fault !== undefined).length > 3);
    const broker = await startBroker({ port: gone.port });
    expect(await done).toEqual([]);
    expect(idsOf(broker)).toEqual(ids);
  });

  it('is complete and in order after the broker was killed; a repeated one has the same id', async () => {
    const first = await startBroker();
    const channel = await open({ port: first.port, homeAssistant: false });
    const done = deliverAll(channel, messages);
    await until(() => idsOf(first).length >= 3);
    await first.kill();
    const second = await startBroker({ port: first.port });
    expect(await done).toEqual([]);
    const all = [...idsOf(first), ...idsOf(second)];
    expect([...new Set(all)]).toEqual(ids);
    expect(all.length).toBeLessThanOrEqual(ids.length + 1); // the one whose confirmation was lost
  });

  it('always has the same topic', async () => {
    const broker = await startBroker();
    const folder = temporaryFolder();
    for (const homeAssistant of [false, false, true]) {
      const channel = await open({ port: broker.port, homeAssistant }, folder);
      await sendTo(channel, alertMessageWith('m1'));
      await channel.close();
    }
    expect(new Set(broker.published.map(({ topic }) => topic)).size).toBe(1);
  });

  it('that the broker does not confirm is given up, and not sent a second time by the client', async () => {
    const seen: Buffer[] = [];
    const server = net.createServer((socket) => {
      socket.on('error', () => undefined);
      socket.on('data', (chunk) => {
        if (chunk[0] === 0x10)
          socket.write(Buffer.from([0x20, 2, 0, 0])); // CONNACK, and no answer to anything else
        else seen.push(chunk);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const channel = await open({ port: (server.address() as net.AddressInfo).port, homeAssistant: false });
    const stopping = new AbortController();
    const sending = channel.send(alertMessageWith('m1'), stopping.signal);
    await until(() => seen.length > 0);
    stopping.abort();
    expect(await sending).toMatchObject({ ok: false, error: { code: 'cancelled' } });
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(seen.filter((chunk) => (chunk[0]! & 0xf0) === 0x30).length).toBe(1);
  });
});

describe('a broker that cannot be used', () => {
  const failure = async (change: Partial<ChannelValues<'mqtt'>>, password?: string) => {
    const channel = await open({ homeAssistant: false, ...change }, undefined, password);
    const result = await sendTo(channel, alertMessageWith('m1'));
    if (result.ok) throw new Error('it was sent');
    expect(`${result.error.message} ${result.error.next}`).not.toContain(password ?? 'anna');
    return result.error.message;
  };

  it('is reported with its cause: not found, not reachable, wrong login, no TLS, wrong certificate', async () => {
    const strict = await startBroker({
      authenticate: (_client, username, password, done) =>
        done(null, username === 'anna' && password?.toString() === 'right horse'),
    });
    expect(await failure({ host: 'broker.invalid' })).toBe('The broker broker.invalid was not found.');
    expect(await failure({ port: 1 })).toBe('The broker 127.0.0.1:1 cannot be reached.');
    expect(await failure({ port: strict.port, user: 'anna' }, 'wrong horse')).toBe(
      'The broker 127.0.0.1 refused the user name or the password.',
    );
    const channel = await open({ port: strict.port, user: 'anna', homeAssistant: false }, undefined, 'right horse');
    expect((await sendTo(channel, alertMessageWith('m1'))).ok).toBe(true);
    expect(await failure({ port: strict.port, tls: true })).toMatch(/does not speak TLS|closed the connection/);
    expect(await failure({ port: strict.port, baseTopic: 'a/#' })).toBe(
      'The base topic or the discovery prefix is not a valid topic.',
    );
  });

  it('is used over TLS if its certificate is trusted', async () => {
    const plain = await startBroker();
    const server = tls.createServer(
      {
        key: fs.readFileSync(path.join(fixtures, 'localhost.key')),
        cert: fs.readFileSync(path.join(fixtures, 'localhost.pem')),
      },
      (socket) => {
        const upstream = net.connect(plain.port, '127.0.0.1');
        for (const one of [socket, upstream]) one.on('error', () => undefined);
        socket.pipe(upstream).pipe(socket);
      },
    );
    server.on('tlsClientError', () => undefined);
    await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
    onTestFinished(() => void server.close());
    const { port } = server.address() as net.AddressInfo;
    const secure = { host: 'localhost', port, tls: true };
    expect(await failure(secure)).toBe('The certificate of the broker localhost is not trusted.');
    const channel = await open({ ...secure, caFile: path.join(fixtures, 'authority.pem'), homeAssistant: false });
    expect((await sendTo(channel, alertMessageWith('m1'))).ok).toBe(true);
  });
});
