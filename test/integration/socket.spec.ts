import { spawn } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { channels, type Channel, type ChannelOf } from '../../app/contract/channels.ts';
import { ok, type Result } from '../../app/core/result.ts';
import { attach } from '../../app/recorder/socket/attach.node.ts';
import type { AttachEvents } from '../../app/recorder/socket/attached.ts';
import { toLine } from '../../app/recorder/socket/line-values.ts';
import { folderPlaces, isTrusted, userPlace, type Place } from '../../app/recorder/socket/places.node.ts';
import { openServer, type RecorderServer } from '../../app/recorder/socket/server.node.ts';
import { LONGEST_REQUEST_BYTES, PROTOCOL } from '../../app/recorder/socket/wire.ts';
import { defaultSettings } from '../../app/settings/settings.ts';
import type { Tick } from '../../app/telemetry/sampler.ts';
import { frameWith, tickWith } from '../support/frames.ts';
import { temporaryFolder } from '../support/folders.ts';
import { openMachine, recording } from '../support/machine.ts';

const placesIn = (folder: string): Place[] => [
  { path: path.join(folder, 'control.sock'), scope: 'system', may: 'control' },
  { path: path.join(folder, 'read.sock'), scope: 'system', may: 'read' },
];
const about = {
  product: 'slowburn',
  protocol: PROTOCOL,
  version: '0.0.1',
  pid: process.pid,
  scope: 'system',
  dataFolder: '/data',
  databaseFile: '/data/history.db',
  origin: 'measured',
  source: 'Test',
  startedBy: 'service',
  sinceMs: 0,
} as const;

type Answer = (channel: ChannelOf<'collector'>, payload: unknown) => Promise<Result<unknown>>;

async function serve(answer: Answer = async () => ok(undefined), hello: object = about) {
  const folder = temporaryFolder();
  const log: string[] = [];
  const places = placesIn(folder);
  const server = await openServer({ places, hello: hello as typeof about, answer, log: (line) => log.push(line) });
  onTestFinished(server.close);
  return { server, log, control: places[0]!, read: places[1]!, folder };
}

async function attachTo(place: Place, events: AttachEvents = {}) {
  const attached = await attach({ find: () => [place], events });
  if (!attached.ok) throw new Error(attached.error.message);
  onTestFinished(attached.value.close);
  return attached.value;
}

/** A client that sends what it likes. */
function rawClient(file: string) {
  const socket = net.connect(file);
  let got = '';
  let ended = false;
  socket.on('data', (piece) => (got += String(piece)));
  socket.on('error', () => undefined);
  socket.on('close', () => (ended = true));
  onTestFinished(() => void socket.destroy());
  return { socket, got: () => got, ended: () => ended };
}
const HELLO = { type: 'hello', protocol: PROTOCOL, version: 'test', follow: true };
const bigTick = (tsMs: number): Tick =>
  tickWith(
    tsMs,
    1000,
    Array.from({ length: 64 }, () => frameWith({ powerW: 100 })),
  );
const modeOf = (file: string): number => fs.statSync(file).mode & 0o777;

describe('the sockets of a recorder', () => {
  it('may be opened by its user alone, and by a group for reading', async () => {
    const { control, read } = await serve();
    expect([modeOf(control.path), modeOf(read.path)]).toEqual([0o600, 0o660]);
  });

  it('replace what a killed recorder left, and nothing that is not theirs', async () => {
    const folder = temporaryFolder();
    const [control, read] = placesIn(folder);
    const left = spawn(process.execPath, [
      '-e',
      `require('net').createServer().listen(${JSON.stringify(control!.path)})`,
    ]);
    await expect.poll(() => fs.existsSync(control!.path)).toBe(true);
    const gone = new Promise((resolve) => left.once('exit', resolve));
    left.kill('SIGKILL');
    await gone;
    fs.writeFileSync(read!.path, 'a file');
    const log: string[] = [];
    const options = { hello: about, answer: async () => ok(undefined), log: (line: string) => log.push(line) };
    const server = await openServer({ places: [control!, read!], ...options });
    expect(server.paths).toEqual([control!.path]);
    expect(log).toEqual([expect.stringContaining(read!.path)]);
    await attachTo(control!);
    await server.close();
    expect(fs.readdirSync(folder)).toEqual(['read.sock']);
    expect(fs.readFileSync(read!.path, 'utf8')).toBe('a file');
  });

  it('are not used where others may have put them', async () => {
    const { control, folder } = await serve();
    expect(isTrusted(control)).toBe(true);
    fs.chmodSync(folder, 0o777);
    expect(isTrusted(control)).toBe(false);
    fs.chmodSync(folder, 0o700);
    fs.symlinkSync(control.path, path.join(folder, 'link.sock'));
    expect(isTrusted({ ...control, path: path.join(folder, 'link.sock') })).toBe(false);
    if (process.getuid!() !== 0) return; // only root gives a file away
    fs.chownSync(control.path, 65_534, 65_534);
    expect(isTrusted(control)).toBe(false);
    expect(isTrusted({ ...control, scope: 'user' })).toBe(false);
  });

  it('lie in the user’s runtime folder, else in the data folder, else in a private folder, and always fit', () => {
    const [runtime, data] = [temporaryFolder(), temporaryFolder()];
    const at = (folder: string, environment = {}): string => userPlace(folder, environment)!.path;
    expect(path.dirname(at(data, { XDG_RUNTIME_DIR: runtime }))).toBe(path.join(runtime, 'slowburn'));
    expect(at(data, { XDG_RUNTIME_DIR: runtime })).not.toBe(at(runtime, { XDG_RUNTIME_DIR: runtime }));
    expect(at(data)).toBe(path.join(data, 'recorder.sock'));
    expect(at(data, { XDG_RUNTIME_DIR: path.join(runtime, 'missing') })).toBe(path.join(data, 'recorder.sock'));
    const deep = path.join(data, 'x'.repeat(120));
    fs.mkdirSync(deep, { mode: 0o700 });
    expect(path.dirname(path.dirname(at(deep)))).toBe(os.tmpdir());
    expect(Buffer.byteLength(at(deep))).toBeLessThan(108);
    fs.chmodSync(data, 0o777);
    expect(path.dirname(path.dirname(at(data)))).toBe(os.tmpdir());
  });
});

describe('a connection that may only read', () => {
  const asked: string[] = [];
  const names = (Object.keys(channels) as Channel[]).filter((name) => channels[name].by === 'collector');

  it.each(names)('%s', async (name) => {
    const channel = name as ChannelOf<'collector'>;
    const { control, read } = await serve(async (asking) => {
      asked.push(asking);
      return { ok: false, error: { code: 'not-found', message: 'reached' } };
    });
    const [reader, controller] = [await attachTo(read), await attachTo(control)];
    const reached = { ok: false, error: { message: 'reached' } };
    expect(await controller.ask(channel, undefined)).toMatchObject(reached);
    const answer = await reader.ask(channel, undefined);
    if (channels[channel].access === 'read') expect(answer).toMatchObject(reached);
    else expect(answer).toMatchObject({ ok: false, error: { code: 'forbidden' } });
  });

  it('learns the settings that numbers depend on, and none that are the owner’s alone', async () => {
    const { server, control, read } = await serve();
    const settings = { ...defaultSettings, currency: 'CHF', closeToTray: !defaultSettings.closeToTray };
    const seen: Record<string, unknown[]> = { reader: [], owner: [] };
    server.tell({ type: 'settings', settings });
    await attachTo(read, { onSettings: (now) => seen['reader']!.push(now) });
    await attachTo(control, { onSettings: (now) => seen['owner']!.push(now) });
    await expect.poll(() => [seen['reader']!.length, seen['owner']!.length]).toEqual([1, 1]);
    server.tell({ type: 'settings', settings: { ...settings, intervalMs: 500 } });
    const shown = { ...defaultSettings, currency: 'CHF' };
    await expect.poll(() => seen['reader']).toEqual([shown, { ...shown, intervalMs: 500 }]);
    await expect.poll(() => seen['owner']).toEqual([settings, { ...settings, intervalMs: 500 }]);
  });

  it('is no way to control anything', () => {
    const control = names.filter((name) => 'access' in channels[name] && channels[name].access === 'control');
    expect(control).toEqual(
      expect.arrayContaining(['governor.tryLimit', 'jobs.begin', 'report.make', 'alerts.snooze']),
    );
    for (const name of control) expect(asked.filter((one) => one === name)).toHaveLength(1);
  });
});

describe('a client that attaches', () => {
  it('gets the state first, then each change', async () => {
    const { server, read } = await serve();
    const got: string[] = [];
    server.tell({ type: 'tick', tick: tickWith(1000, undefined, [frameWith({ powerW: 1 })]) });
    server.tell({ type: 'tick', tick: tickWith(2000, 1000, [frameWith({ powerW: 2 })]) });
    server.tell({ type: 'sessions' });
    const attached = await attachTo(read, {
      onTick: ({ tsMs, dtMs, gpus }) => got.push(`${tsMs} ${dtMs} ${gpus[0]!.frame.values instanceof Float64Array}`),
      onSessions: () => got.push('sessions'),
    });
    await expect.poll(() => got).toEqual(['2000 1000 true']);
    server.tell({ type: 'sessions' });
    await expect.poll(() => got).toEqual(['2000 1000 true', 'sessions']);
    expect(attached.hello()).toMatchObject({ may: 'read', dataFolder: '/data', scope: 'system' });
  });

  it('hears that the recorder ends, and is back when another has begun', async () => {
    const { server, control } = await serve();
    const events: string[] = [];
    const attached = await attachTo(control, {
      onAttached: () => events.push('attached'),
      onLost: ({ message }) => events.push(message),
    });
    await server.close();
    await expect.poll(() => events).toEqual(['attached', 'The recorder has ended.']);
    expect(await attached.ask('gpus.list', undefined)).toMatchObject({ ok: false, error: { code: 'not-ready' } });
    const again = await openServer({
      places: [control],
      hello: about,
      answer: async () => ok([]),
      log: () => undefined,
    });
    onTestFinished(again.close);
    await expect.poll(() => events.length, { timeout: 2000 }).toBe(3);
    expect(await attached.ask('gpus.list', undefined)).toEqual(ok([]));
  });

  it.each([
    [
      { ...about, protocol: PROTOCOL + 1, version: '9.9.9', scope: 'galaxy' },
      'other-version',
      /is Slowburn 9\.9\.9, this is/,
    ],
    [{ ...about, product: 'other' }, 'internal', /not a Slowburn recorder/],
  ])('is refused by another version in words that name both: %#', async (hello, code, words) => {
    const { control } = await serve(undefined, hello);
    const attached = await attach({ find: () => [control], events: {} });
    expect(attached).toMatchObject({ ok: false, error: { code, message: expect.stringMatching(words) } });
  });

  it('gets an error for an answer that does not match its schema, and leaves out a push that does not', async () => {
    const { server, control } = await serve(async () => ok('three'));
    const unread: string[] = [];
    const attached = await attachTo(control, { onUnread: (why) => unread.push(why) });
    expect(await attached.ask('gpus.list', undefined)).toMatchObject({ ok: false, error: { code: 'internal' } });
    server.tell({ type: 'cost', cost: { cpuPct: 'much' } } as never);
    await expect.poll(() => unread).toEqual([expect.stringContaining('cost.cpuPct')]);
    expect(attached.isConnected()).toBe(true);
  });
});

/** A recorder's server with one good client, which must notice nothing. */
async function withWitness() {
  const served = await serve(async () => ok([]));
  let ticks = 0;
  const witness = await attachTo(served.control, { onTick: () => ticks++ });
  return {
    ...served,
    async stillWorks(this: void, server: RecorderServer) {
      const before = ticks;
      server.tell({ type: 'tick', tick: tickWith(1000, 1000, [frameWith({ powerW: 1 })]) });
      await expect.poll(() => ticks).toBeGreaterThan(before);
      expect(await witness.ask('gpus.list', undefined)).toEqual(ok([]));
    },
  };
}

describe('a client that talks nonsense loses its connection, and no other client does', () => {
  const hello = toLine(HELLO);
  it.each([
    ['no JSON', 'GET / HTTP/1.1'],
    ['no message', '{"type":"reboot"}'],
    ['a question before the hello', '{"type":"request","id":1,"channel":"gpus.list"}'],
    ['two hellos', `${hello}\n${hello}`],
    ['a field too many', toLine({ ...HELLO, root: true })],
    ['a prototype', '{"type":"hello","__proto__":{"protocol":1}}'],
    ['a value that is none', '{"$":["f64","AAAA"]}'],
    ['a line without an end', 'x'.repeat(LONGEST_REQUEST_BYTES + 1)],
    ['a deep line', '['.repeat(100_000)],
    ['a question without a number', `${hello}\n{"type":"request","id":"1","channel":"gpus.list"}`],
  ])('%s', async (name, line) => {
    const { server, control, stillWorks } = await withWitness();
    const { socket, ended } = rawClient(control.path);
    socket.write(name === 'a line without an end' ? line : `${line}\n`);
    await expect.poll(ended).toBe(true);
    await stillWorks(server);
  });

  it('any bytes', async () => {
    const { server, control, stillWorks } = await withWitness();
    const piece = fc.oneof(
      fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
      fc.constantFrom(hello, '\n', '{', '"type":"request"', '"$"', '\u0000').map((text) => Buffer.from(text)),
      fc.json().map((text) => Buffer.from(`${text}\n`)),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 20 }), async (pieces) => {
        const { socket, ended } = rawClient(control.path);
        for (const bytes of pieces) socket.write(bytes);
        socket.end();
        await expect.poll(ended).toBe(true);
      }),
      { numRuns: 100 },
    );
    await stillWorks(server);
  });

  it('an unknown question of a newer client is an answer, not the end', async () => {
    const { control } = await withWitness();
    const { socket, got, ended } = rawClient(control.path);
    socket.write(`${hello}\n${toLine({ type: 'request', id: 7, channel: 'future.ask', payload: null })}\n`);
    await expect.poll(got).toMatch(/"id":7.*not-found/);
    expect(ended()).toBe(false);
  });
});

it('a question that is open when its client leaves is answered at once, and keeps no process', async () => {
  const { control } = await serve(() => new Promise(() => undefined));
  const client = await attachTo(control);
  const answer = client.ask('gpus.list', undefined);
  client.close();
  expect(await answer).toMatchObject({ ok: false, error: { code: 'not-ready' } });
  expect(await client.ask('gpus.list', undefined)).toMatchObject({ ok: false, error: { code: 'not-ready' } });
});

describe('a client that does not read', () => {
  it('misses ticks, and gets every alert when it reads again', async () => {
    const { server, control, stillWorks } = await withWitness();
    const { socket, got } = rawClient(control.path);
    socket.write(`${toLine(HELLO)}\n`);
    await expect.poll(got).toContain('"hello"');
    socket.pause();
    const lineBytes = toLine({ type: 'tick', tick: bigTick(0) }).length;
    for (let i = 0; i < 500; i++) {
      server.tell({ type: 'tick', tick: bigTick(i * 1000) });
      if (i % 100 === 0) server.tell({ type: 'alerts', firing: [], told: [], cleared: [] });
      if (i % 20 === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    }
    socket.resume();
    await expect.poll(() => got().split('"type":"alerts"').length - 1).toBe(5);
    // what waited: a megabyte here, and what the system keeps for a socket
    expect(got().split('"type":"tick"').length - 1).toBeLessThan((4 * 1024 * 1024) / lineBytes);
    await stillWorks(server);
  });

  it('cannot have answers pile up: its next questions wait until it reads', async () => {
    let answered = 0;
    const { control } = await serve(async () => {
      answered++;
      return ok('x'.repeat(100_000));
    });
    const { socket, got } = rawClient(control.path);
    socket.write(`${toLine({ ...HELLO, follow: false })}\n`);
    await expect.poll(got).toContain('"hello"');
    socket.pause();
    for (let id = 0; id < 200; id++) {
      socket.write(`${toLine({ type: 'request', id, channel: 'gpus.list', payload: 'y'.repeat(1000) })}\n`);
      if (id % 10 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(answered).toBeLessThan(100);
    socket.resume();
    await expect.poll(() => got().split('"type":"response"').length - 1, { timeout: 20_000 }).toBe(200);
  });
});

describe('a recorder and its clients, in real processes', () => {
  it('a hundred come and go, and leave nothing behind', async () => {
    const machine = openMachine();
    const folder = machine.dataFolder();
    const recorder = machine.start(['record', '--source', 'simulator', '--data-dir', folder]);
    await recording(folder);
    const descriptors = (): number => fs.readdirSync(`/proc/${recorder.child.pid}/fd`).length;
    const before = descriptors();
    for (let i = 0; i < 100; i++) {
      const attached = await attach({ find: () => folderPlaces(folder), events: {}, follow: i % 2 === 0 });
      if (!attached.ok) throw new Error(attached.error.message);
      if (i % 10 === 0) expect(await attached.value.ask('gpus.list', undefined)).toMatchObject({ ok: true });
      attached.value.close();
    }
    await expect.poll(descriptors).toBeLessThanOrEqual(before);
    expect(recorder.child.exitCode).toBe(null);
  });

  it('a recorder that is killed has its clients back within two seconds of its restart', async () => {
    const machine = openMachine();
    const folder = machine.dataFolder();
    const args = ['record', '--source', 'simulator', '--data-dir', folder];
    let recorder = machine.start(args);
    await recording(folder);
    const pids: number[] = [];
    let ticks = 0;
    const attached = await attach({
      find: () => folderPlaces(folder),
      events: { onAttached: ({ pid }) => pids.push(pid), onTick: () => ticks++ },
    });
    if (!attached.ok) throw new Error(attached.error.message);
    onTestFinished(attached.value.close);
    for (let round = 0; round < 3; round++) {
      await recorder.end('SIGKILL');
      recorder = machine.start(args);
      await recording(folder, recorder.child.pid);
      await expect.poll(() => pids.at(-1), { timeout: 2000 }).toBe(recorder.child.pid);
      const before = ticks;
      await expect.poll(() => ticks, { timeout: 5000 }).toBeGreaterThan(before);
    }
    expect(await recorder.end('SIGTERM')).toBe(0);
    expect(fs.existsSync(path.join(folder, 'recorder.sock'))).toBe(false);
  });

  it.runIf(process.getuid?.() === 0)('another user is refused, and one of the group may look', async () => {
    const machine = openMachine();
    const [owner, member, stranger] = [
      { uid: 64_001, gid: 64_100 },
      { uid: 64_002, gid: 64_100 },
      { uid: 64_003, gid: 64_101 },
    ];
    const data = machine.dataFolder(owner);
    const system = machine.startSystem(data, { user: owner });
    await recording(data);
    expect(fs.statSync(path.join(machine.system, 'read.sock'))).toMatchObject({ uid: 64_001, gid: 64_100 });
    const seen = machine.ask(['status'], { user: member });
    expect([seen.status, seen.stderr]).toEqual([0, '']);
    expect(seen.stdout).toContain(`process ${system.child.pid}`);
    const refused = machine.ask(['status'], { user: stranger });
    expect(refused.status).toBe(3);
    expect(refused.stdout).toContain('Ask an administrator to add you to the group slowburn-read');
    // a recorder of the stranger may not read the driver beside it either, and says what helps
    const own = machine.dataFolder(stranger);
    const beside = machine.ask(['record', '--data-dir', own], { user: stranger });
    expect([beside.status, beside.stderr]).toEqual([1, expect.stringContaining('slowburn-read')]);
  });

  it('killed at any moment, it keeps what it wrote: sessions, alerts and samples', async () => {
    const machine = openMachine();
    const folder = machine.dataFolder();
    const args = ['record', '--source', 'simulator:2', '--data-dir', folder, '--interval', '0.1'];
    for (let round = 0; round < 6; round++) {
      const recorder = machine.start(args);
      await recording(folder, recorder.child.pid);
      const ran = machine.start(['run', '--data-dir', folder, '--name', `round ${round}`, '--', 'sleep', '0.3']);
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 1500));
      await recorder.end('SIGKILL');
      await ran.end('SIGKILL');
      const check = machine.ask(['db', 'check', '--file', path.join(folder, 'history.simulated.db')]);
      expect([check.status, check.stderr], check.stdout).toEqual([0, '']);
    }
    const last = machine.start(args);
    await recording(folder, last.child.pid);
    const whole = machine.ask(['run', '--data-dir', folder, '--name', 'whole', '--', 'sleep', '0.3']);
    expect(whole.status, whole.stderr).toBe(0);
    const listed = machine.ask(['sessions', '--data-dir', folder]);
    expect([listed.status, listed.stdout]).toEqual([0, expect.stringContaining('whole')]);
    expect(await last.end('SIGTERM')).toBe(0);
  });
});
