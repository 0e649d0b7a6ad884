import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readRecorder, writeRecorder } from '../../app/core/recorder-note.node.ts';
import { notifySocket } from '../support/notify-socket.ts';
import { temporaryFolder, threads } from '../support/folders.ts';

const program = new URL('slowburn.js', threads).pathname;

async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 400 && !condition(); i++) await new Promise((resolve) => setTimeout(resolve, 50));
  expect(condition()).toBe(true);
}

/** Starts `slowburn record` with nothing but the given environment. */
function record(environment: Record<string, string>) {
  const PATH = process.env['PATH'] ?? '';
  const child = spawn(process.execPath, [program, 'record'], { env: { PATH, ...environment } });
  onTestFinished(() => void child.kill('SIGKILL'));
  const said = { text: '' };
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (piece) => (said.text += String(piece)));
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  return { child, said, ended };
}

describe('slowburn record', () => {
  it('tells the manager that it is ready, alive and stopping', async () => {
    const folder = temporaryFolder();
    const socket = notifySocket();
    const { child, ended } = record({
      SLOWBURN_DATA_DIR: folder,
      SLOWBURN_SOURCE: 'simulator:2',
      SLOWBURN_INTERVAL: '0.1',
      NOTIFY_SOCKET: socket.file,
      WATCHDOG_USEC: '600000',
    });
    await until(() => socket.messages().filter((message) => message === 'WATCHDOG=1').length >= 3);
    const ready = socket.messages().findIndex((message) => message.startsWith('READY=1\nSTATUS='));
    expect(socket.messages()[ready]).toContain('2 cards');
    expect(socket.messages().indexOf('WATCHDOG=1')).toBeGreaterThan(ready); // alive means that ticks come
    expect(readRecorder(folder)).toMatchObject({ pid: child.pid, startedBy: 'service', intervalMs: 100 });
    child.kill('SIGTERM');
    expect(await ended).toBe(0);
    expect(socket.messages()).toContain('STOPPING=1');
    expect(readRecorder(folder)).toBeUndefined();
  });

  it('reads its file, and the environment overrides it', async () => {
    const folder = temporaryFolder();
    const file = path.join(folder, 'config.json');
    fs.writeFileSync(file, '{"source": "simulator:3", "interval": 0.2}');
    const environment = { SLOWBURN_CONFIG: file, SLOWBURN_DATA_DIR: folder, SLOWBURN_INTERVAL: '0.5' };
    const { child, ended } = record(environment);
    await until(() => readRecorder(folder)?.cards?.length === 3);
    expect(readRecorder(folder)).toMatchObject({ intervalMs: 500 });
    child.kill('SIGTERM');
    expect(await ended).toBe(0);
  });

  it('refuses a wrong configuration with the code that is not restarted', async () => {
    const folder = temporaryFolder();
    const file = path.join(folder, 'config.json');
    fs.writeFileSync(file, '{"sorce": "nvml"}');
    const { said, ended } = record({ SLOWBURN_CONFIG: file, SLOWBURN_DATA_DIR: folder });
    expect(await ended).toBe(2);
    expect(said.text).toContain(file);
    expect(fs.readdirSync(folder)).toEqual(['config.json']);
  });

  it('never simulates a card where there is no driver', async () => {
    const folder = temporaryFolder();
    const { said, ended } = record({
      SLOWBURN_DATA_DIR: folder,
      SLOWBURN_CONFIG: '/nonexistent',
      PATH: '/nonexistent',
    });
    let code: number | null | undefined;
    void ended.then((value) => (code = value));
    await until(() => code !== undefined || readRecorder(folder) !== undefined); // a machine with a card records
    if (code !== undefined) expect([code, said.text]).toEqual([1, expect.stringMatching(/\w/)]);
    expect(fs.existsSync(path.join(folder, 'history.simulated.db'))).toBe(false);
  });
});

/** Stand-ins for systemctl and loginctl that note their arguments. @param state what is-system-running prints */
function manager(state: string, linger: 'yes' | 'no' = 'yes') {
  const folder = temporaryFolder();
  const calls = path.join(folder, 'calls');
  const script = (name: string, body: string) =>
    fs.writeFileSync(path.join(folder, name), `#!/bin/sh\necho "${name} $*" >> ${calls}\n${body}\n`, { mode: 0o755 });
  script(
    'systemctl',
    `case "$*" in
*is-system-running) echo ${state}; [ ${state} = running ] ;;
*show*) printf 'ActiveState=active\\nSubState=running\\nUnitFileState=enabled\\nStatusText=\\n' ;;
esac`,
  );
  script('loginctl', `case "$*" in show-user*) echo ${linger} ;; esac`);
  const env = { PATH: `${folder}:${process.env['PATH']}`, XDG_CONFIG_HOME: folder, HOME: folder };
  const unit = path.join(folder, 'systemd', 'user', 'slowburn.service');
  const data = path.join(folder, 'data');
  return {
    unit,
    data,
    calls: () => (fs.existsSync(calls) ? fs.readFileSync(calls, 'utf8').trim().split('\n') : []),
    service: (...args: string[]) => {
      const all = [program, 'service', ...args];
      const { status, stdout, stderr } = spawnSync(process.execPath, all, { encoding: 'utf8', env });
      return { status, stdout, stderr };
    },
  };
}

describe('slowburn service', () => {
  it('installs a unit, starts it, and says that recording lasts', () => {
    const { service, unit, data, calls } = manager('running');
    expect(service('install', '--data-dir', data)).toMatchObject({
      status: 0,
      stderr: '',
      stdout: expect.stringContaining('continues after you log out'),
    });
    expect(fs.readFileSync(unit, 'utf8')).toContain(`Environment="SLOWBURN_DATA_DIR=${data}"`);
    expect(calls().filter((call) => call.startsWith('systemctl'))).toEqual([
      'systemctl --user is-system-running',
      'systemctl --user daemon-reload',
      'systemctl --user enable slowburn.service',
      'systemctl --user restart slowburn.service',
    ]);
    expect(service('install', '--data-dir', data).status).toBe(0); // again, after an update
  });

  it('says that recording ends at logout where lingering cannot be enabled', () => {
    const { service, data, calls } = manager('running', 'no');
    const { status, stdout } = service('install', '--data-dir', data);
    expect([status, stdout]).toEqual([0, expect.stringContaining('sudo loginctl enable-linger')]);
    expect(calls().some((call) => call.startsWith('loginctl enable-linger'))).toBe(true);
  });

  it.each(['offline', 'stopping', 'unknown'])('installs nothing where systemd is %s', (state) => {
    const { service, unit, data } = manager(state);
    const { status, stderr } = service('install', '--data-dir', data);
    expect([status, stderr]).toEqual([1, expect.stringContaining('service install --print')]);
    expect(fs.existsSync(unit)).toBe(false);
  });

  it('installs nothing beside a recorder that keeps the folder, and names it', () => {
    const { service, unit, data } = manager('running');
    fs.mkdirSync(data);
    writeRecorder(data, { pid: process.pid, databaseFile: 'x', startedBy: 'window' });
    const { status, stderr } = service('install', '--data-dir', data);
    expect([status, stderr]).toEqual([1, expect.stringContaining(`Process ${process.pid} (window)`)]);
    expect(fs.existsSync(unit)).toBe(false);
  });

  it('installs itself beside a window, which hands the folder over', () => {
    const { service, unit, data } = manager('running');
    fs.mkdirSync(data);
    writeRecorder(data, {
      pid: process.pid,
      databaseFile: 'x',
      startedBy: 'window',
      socket: path.join(data, 'x.sock'),
    });
    expect(service('install', '--data-dir', data)).toMatchObject({ status: 0 });
    expect(fs.existsSync(unit)).toBe(true);
  });

  it('shows the unit and what is recorded into its folder', () => {
    const { service, data } = manager('running');
    expect(service('status')).toMatchObject({ status: 1, stderr: expect.stringContaining('not installed') });
    service('install', '--data-dir', data);
    const { status, stdout } = service('status');
    expect(stdout).toContain('active (running), enabled');
    expect(stdout).toContain(data);
    expect(status).toBe(3); // the stand-in starts nothing
  });

  it('removes the unit and keeps the data', () => {
    const { service, unit, data, calls } = manager('running');
    expect(service('remove').status).toBe(1);
    service('install', '--data-dir', data);
    const { status, stdout } = service('remove');
    expect([status, stdout]).toEqual([0, expect.stringContaining(data)]);
    expect(fs.existsSync(unit)).toBe(false);
    expect(calls().slice(-2)).toEqual([
      'systemctl --user disable --now slowburn.service',
      'systemctl --user daemon-reload',
    ]);
  });

  it('prints the unit without a manager', () => {
    const { service } = manager('offline');
    expect(service('install', '--print')).toMatchObject({ status: 0, stdout: expect.stringContaining('Type=notify') });
    expect(service('install', '--print', '--system').stdout).toContain('DynamicUser=yes');
  });
});
