import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, type TestContext } from 'vitest';
import { fetchPackages, fetchSystem } from '../../scripts/foreign/packages.mjs';
import { openEmail } from '../../app/alerts/channels/email.node.ts';
import { cardDiscovery, recorderDiscovery } from '../../app/alerts/mqtt/discovery.ts';
import { removeAnnounced } from '../../app/alerts/mqtt/removal.node.ts';
import { settingsFile } from '../../app/core/folders.node.ts';
import { secretsFile } from '../../app/alerts/channels/secrets.node.ts';
import { retainedOn, startHome, until } from '../support/broker.ts';
import { temporaryFolder } from '../support/folders.ts';
import { render } from '../support/home-assistant.ts';
import { alertMessageWith, sendTo } from '../support/messages.ts';
import { compileMock } from '../support/mock-nvml.ts';

// Mosquitto and aiosmtpd as Debian builds them, fetched and unpacked, never installed: the broker that most homes run, and a
// mail server that shares no code with the client. Jinja, which Home Assistant evaluates templates with. What cannot be fetched
// counts as "not available".

type Root = { root: string } | { notAvailable: string };
let scratch: string;
let mosquittoRoot: Root;
let pythonRoot: Root;

beforeAll(() => {
  scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'slowburn-brokers-'));
  mosquittoRoot = fetchSystem(path.join(scratch, 'mosquitto'), ['mosquitto']);
  pythonRoot = fetchPackages(path.join(scratch, 'python'), [
    'python3-aiosmtpd',
    'python3-attr',
    'python3-public',
    'python3-jinja2',
    'python3-markupsafe',
  ]);
}, 600_000);
afterAll(() => fs.rmSync(scratch, { recursive: true, force: true }));

function rootFor(context: TestContext, found: Root): string {
  if ('notAvailable' in found) context.skip(`not available: ${found.notAvailable}`);
  return found.root;
}

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = net.createServer();
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as net.AddressInfo;
      server.close(() => resolve(port));
    });
  });

const answers = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true));
    socket.once('error', () => resolve(false));
    socket.once('close', () => socket.destroy());
    socket.setTimeout(1000, () => socket.destroy());
    socket.once('connect', () => socket.end());
  });

/** Runs a program of an unpacked system by that system's own loader and libraries: no privilege is needed. */
function startBelow(root: string, program: string, args: readonly string[]): ChildProcess {
  const files = fs.readdirSync(root, { recursive: true, withFileTypes: true });
  const loader = files.find((one) => one.isFile() && /^ld-linux.*\.so\.\d$/.test(one.name))!;
  const libraries = new Set(files.filter(({ name }) => /\.so\.\d+$/.test(name)).map(({ parentPath }) => parentPath));
  const child = spawn(
    path.join(loader.parentPath, loader.name),
    ['--library-path', [...libraries].join(':'), path.join(root, program), ...args],
    { stdio: 'ignore' },
  );
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

/** Starts Mosquitto with a user and a password, and with a store of retained messages. */
async function startMosquitto(root: string, folder: string, port: number) {
  const passwords = path.join(folder, 'passwords');
  if (!fs.existsSync(passwords)) {
    const made = startBelow(root, 'usr/bin/mosquitto_passwd', ['-b', '-c', passwords, 'gpu', 'right horse']);
    await new Promise((resolve) => made.once('exit', resolve));
    fs.writeFileSync(
      path.join(folder, 'mosquitto.conf'),
      [
        `listener ${port} 127.0.0.1`,
        'allow_anonymous false',
        `password_file ${passwords}`,
        `user ${os.userInfo().username}`,
        'persistence true',
        `persistence_location ${folder}/`,
      ].join('\n'),
    );
  }
  const broker = startBelow(root, 'usr/sbin/mosquitto', ['-c', path.join(folder, 'mosquitto.conf')]);
  await until(() => answers(port));
  return broker;
}

/** The real recorder on the stand-in driver, as a separate process. */
function startRecorder(folder: string, mqtt: object): ChildProcess {
  fs.writeFileSync(
    settingsFile(folder),
    JSON.stringify({
      intervalMs: 500,
      retentionDays: 365,
      historyCapMb: null,
      alerts: { channels: { mqtt: { on: true, host: '127.0.0.1', user: 'gpu', everyS: 5, ...mqtt } } },
    }),
  );
  fs.writeFileSync(secretsFile(folder), JSON.stringify({ mqtt: { password: 'right horse' } }), { mode: 0o600 });
  const args = [
    'out/node/slowburn.js',
    'monitor',
    '--quiet',
    '--source',
    `nvml:${compileMock()}`,
    '--data-dir',
    folder,
  ];
  const child = spawn(process.execPath, args, { stdio: 'ignore' });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}
const login = { username: 'gpu', password: 'right horse' };

describe('Mosquitto', () => {
  it('shows the cards of a real recorder, and that it was killed, came back, and ended', async (context) => {
    const root = rootFor(context, mosquittoRoot);
    const [port, folder] = [await freePort(), temporaryFolder()];
    await startMosquitto(root, temporaryFolder(), port);
    const home = await startHome(port, login);
    const first = startRecorder(folder, { port });
    const shown = (suffix: string) => home.state(suffix);
    await until(() => shown('_temperature') !== undefined && shown('_energy') !== undefined);
    expect(home.devices().length).toBe(3); // two cards and the recorder
    first.kill('SIGKILL');
    await until(() => shown('_temperature') === undefined); // the last will
    const second = startRecorder(folder, { port });
    await until(() => shown('_temperature') !== undefined);
    expect(home.devices().length).toBe(3); // two cards and the recorder
    await until(() => Number(shown('_energy')) > Number(home.history('_energy')[1]));
    second.kill('SIGTERM');
    await until(() => second.exitCode !== null);
    await until(() => shown('_temperature') === undefined);
    const energy = home.history('_energy').filter((state) => !Number.isNaN(Number(state)));
    expect(energy.length).toBeGreaterThan(2);
    expect(energy.map(Number)).toEqual(energy.map(Number).toSorted((a, b) => a - b));
    const broker = { host: '127.0.0.1', port, tls: false, user: 'gpu', password: 'right horse' };
    expect((await removeAnnounced(folder, broker)).ok).toBe(true);
    await until(() => home.devices().length === 0);
    expect(await retainedOn(port, login)).toEqual(new Map());
  });

  it('that was restarted has everything again, from its store and from the recorder', async (context) => {
    const root = rootFor(context, mosquittoRoot);
    const [port, folder, own] = [await freePort(), temporaryFolder(), temporaryFolder()];
    const first = await startMosquitto(root, own, port);
    startRecorder(folder, { port });
    await until(async () => [...(await retainedOn(port, login)).values()].includes('online'));
    first.kill('SIGKILL');
    await new Promise((resolve) => first.once('exit', resolve));
    await startMosquitto(root, own, port);
    const home = await startHome(port, login);
    await until(() => home.state('_temperature') !== undefined); // the recorder reconnects without help
    expect(home.devices().length).toBe(3); // two cards and the recorder
  });

  it('refuses a wrong password, which is reported', async (context) => {
    const root = rootFor(context, mosquittoRoot);
    const port = await freePort();
    await startMosquitto(root, temporaryFolder(), port);
    const folder = temporaryFolder();
    fs.writeFileSync(
      path.join(folder, 'mqtt.json'),
      JSON.stringify({ node: 'a1b2c3d4', cards: {}, announced: ['slowburn/a1b2c3d4/status'] }),
    );
    const broker = { host: '127.0.0.1', port, tls: false, user: 'gpu', password: 'wrong horse' };
    expect(await removeAnnounced(folder, broker)).toMatchObject({ ok: false, error: { code: 'forbidden' } });
  });
});

describe('aiosmtpd', () => {
  it('receives a message as any mail program would read it', async (context) => {
    const root = rootFor(context, pythonRoot);
    const modules = path.join(root, 'usr/lib/python3/dist-packages');
    const [port, box] = [await freePort(), path.join(temporaryFolder(), 'box')];
    const handler = ['-c', 'aiosmtpd.handlers.Mailbox', box];
    const server = spawn('/usr/bin/python3', ['-m', 'aiosmtpd', '-n', '-l', `127.0.0.1:${port}`, ...handler], {
      env: { ...process.env, PYTHONPATH: modules },
      stdio: 'ignore',
    });
    onTestFinished(() => void server.kill('SIGKILL'));
    await until(() => answers(port));
    const channel = await openEmail({
      settings: {
        host: '127.0.0.1',
        port,
        security: 'none',
        caFile: '',
        user: '',
        fromAddress: 'Slowburn <gpu@example.org>',
        to: ['anna@example.org', 'ben@example.org'],
      },
      secrets: {},
      dataFolder: box,
      titleOf: () => '',
      report: () => undefined,
    });
    const message = alertMessageWith('m1', { headline: 'Carte « Été » (GPU 0): Cœur à 93 °C', lines: ['Prüfen.'] });
    expect(await sendTo(channel, message)).toEqual({ ok: true, value: undefined });
    const script = [
      'import email, email.policy, glob, json, sys',
      "m = email.message_from_file(open(glob.glob(sys.argv[1] + '/new/*')[0]), policy=email.policy.default)",
      "print(json.dumps([m['Subject'], m['Message-ID'], m['To'], m.get_content(), m['X-RcptTo']]))",
    ].join('\n');
    const read = spawnSync('/usr/bin/python3', ['-c', script, box], { encoding: 'utf8' });
    const [subject, id, to, body, recipients] = JSON.parse(read.stdout) as string[];
    expect(subject).toBe('Slowburn: Carte « Été » (GPU 0): Cœur à 93 °C');
    expect(id).toBe('<slowburn.m1.message@example.org>');
    expect(to).toBe('anna@example.org, ben@example.org');
    expect(recipients).toBe('anna@example.org, ben@example.org');
    expect(body).toMatch(/^Carte « Été » \(GPU 0\): Cœur à 93 °C\n\nPrüfen\.\n/);
  });
});

describe('Jinja', () => {
  it('evaluates the templates as the tests do', (context) => {
    const root = rootFor(context, pythonRoot);
    const topics = { base: 'slowburn', node: 'a1b2c3d4', discovery: 'homeassistant' };
    const text = JSON.stringify([cardDiscovery(topics, { uuid: 'GPU-1', name: 'Card' }), recorderDiscovery(topics)]);
    const templates = [...new Set([...text.matchAll(/"value_template":"(.*?)"/g)].map(([, one]) => one!))];
    expect(templates.length).toBeGreaterThan(10);
    const payloads = [
      { temperature: 61, power: 0, utilisation: 0, energy: 0, state: 'ok', problem: 'OFF', alerts: 'None' },
      { temperature: null, power: null, utilisation: null, energy: null, state: 'lost', problem: 'ON', alerts: 'x; y' },
    ].map((value) => JSON.stringify(value));
    const script = [
      'import json, sys, jinja2',
      'templates, payloads = json.load(sys.stdin)',
      'print(json.dumps([[jinja2.Template(t).render(value_json=json.loads(p)) for t in templates] for p in payloads]))',
    ].join('\n');
    const { stdout, stderr } = spawnSync('/usr/bin/python3', ['-c', script], {
      encoding: 'utf8',
      input: JSON.stringify([templates, payloads]),
      env: { ...process.env, PYTHONPATH: path.join(root, 'usr/lib/python3/dist-packages') },
    });
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toEqual(payloads.map((payload) => templates.map((one) => render(one, payload))));
  });
});
