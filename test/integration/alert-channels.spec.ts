import fs from 'node:fs';
import http from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { AlertChannelId } from '../../app/alerts/channels/channels.ts';
import { openChannels } from '../../app/alerts/channels/open-channel.node.ts';
import { movedChannels } from '../../app/alerts/channels/receivers.ts';
import { openSecrets, secretsFile } from '../../app/alerts/channels/secrets.node.ts';
import type { OpenAny } from '../../app/alerts/channels/slot.ts';
import { alertSettingsWith, openAlertWorld, settle } from '../support/alert-world.ts';
import { createTestClock } from '../support/clock.ts';
import { temporaryFolder } from '../support/folders.ts';
import { frameWith, tickWith } from '../support/frames.ts';

const MINUTE = 60_000;
const SECRET = 'sEcReT-7f3a9c';

type Got = { readonly path: string; readonly headers: http.IncomingHttpHeaders; readonly body: any };
type Answer = (response: http.ServerResponse, socket: Socket, got: readonly Got[]) => void;

/** A real receiver on loopback. `answer` may change while it runs, and it can go away and come back at its address. */
async function openReceiver() {
  const got: Got[] = [];
  const state = { answer: ((response) => response.end('ok')) as Answer };
  const server = http.createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const text = Buffer.concat(chunks).toString('utf8');
      got.push({ path: `${request.method} ${request.url}`, headers: request.headers, body: text && JSON.parse(text) });
      state.answer(response, request.socket, got);
    });
  });
  const listen = (port: number) => new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  await listen(0);
  const { port } = server.address() as AddressInfo;
  const leave = async (): Promise<void> => {
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  };
  onTestFinished(async () => (server.listening ? leave() : undefined));
  return { url: `http://127.0.0.1:${port}`, got, state, leave, comeBack: () => listen(port) };
}

async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 2000 && !condition(); i++) await new Promise((resolve) => setTimeout(resolve, 10));
}

/** A recorder with real channels; its clock moves only while nothing is being sent. */
async function openWorld(
  channels: Parameters<typeof alertSettingsWith>[0],
  secrets: Partial<Record<AlertChannelId, Record<string, string>>>,
) {
  const folder = temporaryFolder();
  const store = openSecrets(folder, undefined);
  for (const [id, own] of Object.entries(secrets))
    for (const [name, value] of Object.entries(own)) store.set(id as AlertChannelId, name, value);
  const clock = createTestClock();
  let sending = 0;
  const openReal = openChannels({ dataFolder: folder, titleOf: ({ rule }) => rule });
  const open: OpenAny = async (...given) => {
    const channel = await openReal(...given);
    return {
      ...channel,
      async send(...sent) {
        sending++;
        try {
          return await channel.send(...sent);
        } finally {
          sending--;
        }
      },
    };
  };
  const world = openAlertWorld({ clock, folder, open, settings: alertSettingsWith(channels) });
  const rest = () => new Promise((resolve) => setTimeout(resolve, 2));
  return {
    ...world,
    clock,
    stateOf: (id: AlertChannelId) =>
      world
        .deliveries()
        .states()
        .find((state) => state.id === id)!,
    /** Waits for what needs no time to pass. */
    async quiet(): Promise<void> {
      for (let calm = 0; calm < 5; calm = sending > 0 ? 0 : calm + 1) {
        await rest();
        await settle();
      }
    },
    /** @param even also while something is being sent, which then is late */
    async pass(ms: number, even = false): Promise<void> {
      const steps = Math.min(40, Math.ceil(ms / 5_000));
      for (let i = 0; i < steps; i++) {
        await (even ? rest() : this.quiet());
        await clock.advance(ms / steps);
        world.tick();
      }
      if (!even) await this.quiet();
    },
  };
}

const events = (got: readonly Got[]) => got.map(({ body }) => `${body.rule} ${body.event}`);

describe('what a receiver gets', () => {
  it('is one JSON object per alert by webhook, with an id, its own times and a token', async () => {
    const receiver = await openReceiver();
    const world = await openWorld(
      { webhook: {} },
      { webhook: { url: `${receiver.url}/in?key=${SECRET}`, token: 'T0ken' } },
    );
    const firedAt = new Date(world.clock.wallMs()).toISOString();
    world.fire('disk-low');
    await until(() => receiver.got.length === 1);
    await world.pass(MINUTE);
    world.clear('disk-low');
    await until(() => receiver.got.length === 2);
    await world.close();
    const [fired, cleared] = receiver.got;
    expect(fired).toMatchObject({
      path: `POST /in?key=${SECRET}`,
      headers: { authorization: 'Bearer T0ken', 'content-type': 'application/json', 'idempotency-key': fired!.body.id },
      body: {
        source: 'slowburn',
        version: 1,
        event: 'fired',
        rule: 'disk-low',
        severity: 'warning',
        time: firedAt,
        firedAt,
        durationS: null,
        subject: 'This computer',
        gpu: null,
        simulated: false,
      },
    });
    expect(fired!.body.text).toContain('This computer: Disk almost full');
    expect(cleared!.body).toMatchObject({ event: 'cleared', episode: fired!.body.episode, firedAt, durationS: 60 });
    expect(cleared!.body.id).not.toBe(fired!.body.id);
    expect(JSON.stringify(receiver.got.map(({ body }) => body))).not.toContain(world.folder);
    expect(receiver.got).toHaveLength(2);
  });

  it('has the form that Slack, Discord, Telegram and ntfy document', async () => {
    const receiver = await openReceiver();
    const { url } = receiver;
    const world = await openWorld(
      { slack: {}, discord: {}, telegram: { server: url, chat: '-100123' }, ntfy: { server: url } },
      {
        slack: { url: `${url}/services/${SECRET}` },
        discord: { url: `${url}/api/webhooks/1/${SECRET}` },
        telegram: { token: `123:${SECRET}` },
        ntfy: { topic: SECRET, token: 'tk_1' },
      },
    );
    world.fire('recording-paused');
    await until(() => receiver.got.length === 4);
    await world.close();
    const at = (path: string) => receiver.got.find((one) => one.path === `POST ${path}`)!;
    expect(receiver.got).toHaveLength(4);
    expect(at(`/services/${SECRET}`).body).toEqual({
      text: expect.stringContaining('This computer: Recording is paused'),
    });
    expect(at(`/api/webhooks/1/${SECRET}`).body).toMatchObject({
      embeds: [
        { title: 'This computer: Recording is paused', timestamp: expect.any(String), color: expect.any(Number) },
      ],
      allowed_mentions: { parse: [] },
    });
    expect(at(`/bot123:${SECRET}/sendMessage`).body).toMatchObject({ chat_id: '-100123', disable_notification: false });
    expect(at('/')).toMatchObject({
      headers: { authorization: 'Bearer tk_1' },
      body: { topic: SECRET, title: 'This computer: Recording is paused', priority: 5, tags: ['rotating_light'] },
    });
  });
});

describe('a receiver that fails', () => {
  const failures: Readonly<Record<string, Answer>> = {
    'answers 500': (response) => void response.writeHead(500).end('a'.repeat(100_000)),
    'answers 429': (response) => void response.writeHead(429, { 'retry-after': '1' }).end(),
    'closes the connection': (_, socket) => void socket.destroy(),
    'closes in the middle of its answer': (response, socket) => {
      response.writeHead(503, { 'content-length': '1000' });
      response.write('{"half');
      setTimeout(() => socket.destroy(), 5);
    },
    'repeats the secret in its error': (response) =>
      void response.writeHead(404).end(JSON.stringify({ error: SECRET })),
  };

  it.each(Object.entries(failures))('and %s gets everything in order when it works again, once', async (_, fail) => {
    const receiver = await openReceiver();
    const accepted: Got[] = [];
    receiver.state.answer = fail;
    const world = await openWorld({ webhook: {} }, { webhook: { url: `${receiver.url}/${SECRET}` } });
    world.fire('disk-low');
    await world.pass(MINUTE);
    world.clear('disk-low');
    await world.pass(MINUTE);
    expect(receiver.got.length).toBeGreaterThan(2);
    const { fault, waiting } = world.stateOf('webhook');
    expect({ waiting, message: fault?.message }).toEqual({
      waiting: 2,
      message: expect.stringMatching(/^The receiver/),
    });
    receiver.state.answer = (response, _socket, got) => {
      accepted.push(got.at(-1)!);
      response.end();
    };
    await world.pass(20 * MINUTE);
    await world.close();
    expect(events(accepted)).toEqual(['disk-low fired', 'disk-low cleared']);
  });

  it('and is away for a day gets what happened in that day, with the times of then', async () => {
    const receiver = await openReceiver();
    const world = await openWorld({ webhook: {} }, { webhook: { url: receiver.url } });
    const startMs = world.clock.wallMs();
    await receiver.leave();
    world.fire('disk-low');
    await world.pass(12 * 60 * MINUTE);
    world.clear('disk-low');
    world.fire('recording-paused');
    await world.restart();
    await world.pass(12 * 60 * MINUTE);
    expect(world.stateOf('webhook').fault?.message).toBe('The receiver cannot be reached (ECONNREFUSED).');
    await receiver.comeBack();
    await world.pass(16 * MINUTE);
    await world.close();
    expect(events(receiver.got)).toEqual(['disk-low fired', 'disk-low cleared', 'recording-paused fired']);
    const hours = receiver.got.map(({ body }) => (Date.parse(body.time) - startMs) / 3_600_000);
    expect(hours).toEqual([0, 12, 12]);
  });

  it('and asks to wait is not asked before, whether it says so in its header or as Telegram does', async () => {
    for (const answer of [
      (response: http.ServerResponse) => response.writeHead(429, { 'retry-after': '120' }).end(),
      (response: http.ServerResponse) =>
        response.writeHead(429).end(JSON.stringify({ ok: false, error_code: 429, parameters: { retry_after: 120 } })),
    ]) {
      const receiver = await openReceiver();
      receiver.state.answer = answer;
      const world = await openWorld({ telegram: { server: receiver.url, chat: '1' } }, { telegram: { token: SECRET } });
      world.fire('disk-low');
      await world.pass(115_000);
      expect(receiver.got).toHaveLength(1);
      receiver.state.answer = (response) => response.end();
      await world.pass(10_000);
      await world.close();
      expect(receiver.got).toHaveLength(2);
    }
  });

  it('and never answers is given up after a time limit', async () => {
    const receiver = await openReceiver();
    receiver.state.answer = () => undefined;
    const world = await openWorld({ webhook: {} }, { webhook: { url: receiver.url } });
    world.fire('disk-low');
    await until(() => receiver.got.length > 0);
    await world.pass(31_000, true);
    expect(world.stateOf('webhook').fault).toMatchObject({ code: 'timeout' });
    receiver.state.answer = (response) => response.end();
    await world.pass(MINUTE);
    await world.close();
    expect(new Set(receiver.got.map(({ body }) => body.id)).size).toBe(1); // the same id, so the receiver can tell
  });

  it('and redirects is not followed: the other address hears nothing', async () => {
    const [receiver, other] = [await openReceiver(), await openReceiver()];
    receiver.state.answer = (response) => void response.writeHead(307, { location: `${other.url}/steal` }).end();
    const world = await openWorld({ webhook: {} }, { webhook: { url: receiver.url, token: SECRET } });
    world.fire('disk-low');
    await until(() => world.stateOf('webhook').fault !== null);
    await world.close();
    expect(other.got).toEqual([]);
    expect(world.stateOf('webhook').fault?.message).toMatch(/redirects/);
  });

  it('and refuses one message for good does not hold up the others', async () => {
    const receiver = await openReceiver();
    receiver.state.answer = (response, _, got) =>
      void response.writeHead(got.at(-1)!.body.rule === 'disk-low' ? 400 : 200).end();
    const world = await openWorld({ webhook: {} }, { webhook: { url: receiver.url } });
    world.fire('disk-low');
    world.fire('recording-paused');
    await world.pass(90 * MINUTE);
    await world.close();
    expect(events(receiver.got).at(-1)).toBe('recording-paused fired');
    expect(world.log.join()).toMatch(/dropped: the receiver refuses it/);
  });
});

describe('secrets', () => {
  it('appear nowhere but in their file, whatever fails', async () => {
    const receiver = await openReceiver();
    const urls: AlertChannelId[] = ['webhook', 'slack', 'discord', 'heartbeat'];
    const broken = [
      `${receiver.url}/${SECRET}`,
      `http://127.0.0.1:1/${SECRET}`,
      `http://${SECRET}.invalid/`,
      `ftp://${SECRET}`,
      `${SECRET}`,
      `http://user:${SECRET}@127.0.0.1:1/`,
    ];
    for (const url of broken) {
      receiver.state.answer = (response) => void response.writeHead(404).end(`{"description":"bad ${SECRET}"}`);
      const world = await openWorld(
        {
          webhook: {},
          slack: {},
          discord: {},
          telegram: { server: receiver.url, chat: '1' },
          ntfy: { server: receiver.url },
        },
        {
          ...Object.fromEntries(urls.map((id) => [id, { url }])),
          telegram: { token: SECRET },
          ntfy: { topic: SECRET },
        },
      );
      world.fire('recording-paused');
      await world.pass(15_000);
      const answers = [];
      for (const id of [...urls, 'telegram', 'ntfy'] as const) answers.push(await world.deliveries().test(id));
      const said = JSON.stringify([answers, world.deliveries().states(), world.log]);
      await world.close();
      world.store().close();
      expect(said).not.toContain(SECRET);
      expect(answers.every(({ ok }) => !ok)).toBe(true);
      for (const name of fs.readdirSync(world.folder).filter((one) => one !== 'secrets.json'))
        expect(fs.readFileSync(path.join(world.folder, name)).includes(SECRET), name).toBe(false);
      expect(fs.statSync(secretsFile(world.folder)).mode & 0o777).toBe(0o600);
    }
  });

  it('go when the receiver changes: the new one never gets a token that was meant for the one before', async () => {
    const [first, second] = [await openReceiver(), await openReceiver()];
    const world = await openWorld({ webhook: {} }, { webhook: { url: first.url, token: SECRET } });
    onTestFinished(() => world.close());
    expect(world.deliveries().setSecret('webhook', 'url', second.url)).toMatchObject({ ok: true });
    expect(await world.deliveries().test('webhook')).toMatchObject({ ok: true });
    expect(second.got).toHaveLength(1);
    expect(JSON.stringify(second.got)).not.toContain(SECRET);
    expect(JSON.parse(fs.readFileSync(secretsFile(world.folder), 'utf8'))).toEqual({ webhook: { url: second.url } });
  });

  it.each([
    ['email', { host: 'mail.example.org' }, true],
    ['email', { port: 2525 }, true],
    ['email', { security: 'none' }, true],
    ['email', { to: ['a@example.org'] }, false],
    ['mqtt', { host: 'broker.example.org' }, true],
    ['mqtt', { tls: true }, true],
    ['mqtt', { everyS: 60 }, false],
    ['telegram', { server: 'https://example.org' }, true],
    ['ntfy', { server: 'https://example.org' }, true],
    ['ntfy', { on: true }, false],
  ] as const)('of %s after %j: a change of receiver is %s', (id, change, moves) => {
    expect(movedChannels(alertSettingsWith({}), alertSettingsWith({ [id]: change }))).toEqual(moves ? [id] : []);
  });

  it('of a systemd credential go first, and a page only sees that they are set', async () => {
    const [folder, credentials] = [temporaryFolder(), temporaryFolder()];
    fs.writeFileSync(path.join(credentials, 'slowburn-secrets'), JSON.stringify({ ntfy: { topic: 'from-systemd' } }));
    const secrets = openSecrets(folder, credentials);
    expect(secrets.set('ntfy', 'topic', 'from-file')).toMatchObject({ ok: true });
    expect(secrets.set('ntfy', 'token', 'tk')).toMatchObject({ ok: true });
    expect(secrets.of('ntfy')).toMatchObject({
      value: { topic: { value: 'from-systemd', place: 'credential' }, token: { value: 'tk', place: 'file' } },
    });
    secrets.set('ntfy', 'token', null);
    expect(JSON.parse(fs.readFileSync(secretsFile(folder), 'utf8'))).toEqual({ ntfy: { topic: 'from-file' } });
  });

  it('in a damaged file stop the channel with a reason, and are not overwritten', () => {
    const folder = temporaryFolder();
    fs.writeFileSync(secretsFile(folder), `{"webhook": {"url": "${SECRET}`);
    const secrets = openSecrets(folder, undefined);
    for (const result of [secrets.of('webhook'), secrets.set('webhook', 'url', 'x')]) {
      expect(result.ok).toBe(false);
      expect(JSON.stringify(result)).not.toContain(SECRET);
    }
    expect(fs.readFileSync(secretsFile(folder), 'utf8')).toContain(SECRET);
  });
});

describe('a command', () => {
  it('gets the alert in its environment and on its standard input, and no shell reads it', async () => {
    const out = path.join(temporaryFolder(), 'out');
    const script = 'printf "%s|%s|" "$SLOWBURN_ALERT_EVENT" "$1" >> "$0"; cat >> "$0"';
    const world = await openWorld(
      { command: { command: ['sh', '-c', script, out, '$(touch /tmp/never) ; `id`'] } },
      {},
    );
    world.fire('disk-low');
    await until(() => world.stateOf('command').deliveredMs !== null);
    await world.close();
    const [event, argument, json] = fs.readFileSync(out, 'utf8').split('|');
    expect([event, argument]).toEqual(['fired', '$(touch /tmp/never) ; `id`']);
    expect(JSON.parse(json!)).toMatchObject({ event: 'fired', rule: 'disk-low' });
  });

  it('that fails or does not exist is reported without its path', async () => {
    const world = await openWorld({ command: { command: ['/no/such/program-of-mine'] } }, {});
    expect(await world.deliveries().test('command')).toMatchObject({
      ok: false,
      error: { message: 'The command could not be started: there is no such file or folder.' },
    });
    await world.close();
    const failing = await openWorld({ command: { command: ['sh', '-c', 'exit 3'] } }, {});
    expect(await failing.deliveries().test('command')).toMatchObject({
      error: { message: 'The command ended with 3.' },
    });
    await failing.close();
  });
});

describe('the heartbeat', () => {
  it('calls once per period while samples are stored, and is silent while recording is paused', async () => {
    const receiver = await openReceiver();
    const world = await openWorld({ heartbeat: { everyMin: 5 } }, { heartbeat: { url: `${receiver.url}/ping` } });
    await world.deliveries().test('heartbeat'); // it is open now
    receiver.got.length = 0;
    const play = async (fromS: number, toS: number, stored: boolean) => {
      for (let s = fromS; s < toS; s += 10) {
        const tick = tickWith(world.clock.wallMs() + s * 1000, 1000, [frameWith({ coreTempC: 50 })]);
        world.deliveries().onTick({ ...tick, axisMs: s * 1000 }, stored);
        await world.quiet();
      }
      return receiver.got.length;
    };
    expect(await play(0, 10, true)).toBe(1);
    expect(await play(10, 300, true)).toBe(1);
    expect(await play(300, 310, true)).toBe(2);
    expect(await play(310, 1200, false)).toBe(2);
    expect(await play(1200, 1210, true)).toBe(3);
    expect(receiver.got.every((one) => one.path === 'GET /ping')).toBe(true);
    expect(world.stateOf('heartbeat').deliveredMs).not.toBeNull();
    await world.close();
  });
});
