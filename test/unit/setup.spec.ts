import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { SetupError, systemFailure } from '../../scripts/setup/console.mjs';
import { installFailure } from '../../scripts/setup/dependencies.mjs';
import { findDisplay } from '../../scripts/setup/display.mjs';
import { oneAtATime } from '../../scripts/setup/lock.mjs';

function folder(): string {
  const made = fs.mkdtempSync(path.join(os.tmpdir(), 'slowburn-setup-'));
  onTestFinished(() => fs.rmSync(made, { recursive: true }));
  return made;
}

describe('the version of Node', () => {
  const startUnder = (version: string) => {
    const stub = path.join(folder(), 'version.cjs');
    fs.writeFileSync(stub, `Object.defineProperty(process, 'versions', { value: { node: '${version}' } });`);
    return spawnSync(process.execPath, ['-r', stub, '-r', './scripts/require-node.cjs', '-e', ''], {
      encoding: 'utf8',
    });
  };

  it.each(['4.9.1', '16.20.2', '18.20.4', '20.10.0', '21.7.3', '22.4.0'])('%s is refused in a sentence', (version) => {
    const { status, stderr } = startUnder(version);
    expect(status).toBe(1);
    expect(stderr).toBe(
      `Slowburn needs Node.js 20.18 or newer, or 22.11 or newer; this is ${version}.\n` +
        '  Install a current version from nodejs.org or your package manager, then run the command again.\n',
    );
  });

  it.each(['20.18.0', '20.20.2', '22.11.0', '24.0.0', '25.1.0'])('%s will do', (version) => {
    expect(startUnder(version)).toMatchObject({ status: 0, stderr: '' });
  });
});

describe('two set-ups of one checkout', () => {
  it('work one after the other', async () => {
    const lock = path.join(folder(), 'lock');
    const log: string[] = [];
    const work = (name: string) => () =>
      new Promise<void>((resolve) => {
        log.push(`${name} begins`);
        setImmediate(() => {
          log.push(`${name} ends`);
          resolve();
        });
      });
    await Promise.all([oneAtATime(work('one'), lock), oneAtATime(work('two'), lock)]);
    expect(log).toEqual(['one begins', 'one ends', 'two begins', 'two ends']);
    expect(fs.existsSync(lock)).toBe(false);
  });

  it('do not wait for one that was killed', async () => {
    const lock = path.join(folder(), 'lock');
    const { pid } = spawnSync(process.execPath, ['-e', '']); // has ended
    fs.writeFileSync(lock, String(pid));
    expect(await oneAtATime(async () => 'done', lock)).toBe('done');
  });

  it('leave no lock behind when one fails', async () => {
    const lock = path.join(folder(), 'lock');
    await expect(oneAtATime(() => Promise.reject(new SetupError('No.')), lock)).rejects.toThrow('No.');
    expect(fs.existsSync(lock)).toBe(false);
  });
});

describe('a display', () => {
  it('that is named but gone is none, and is named', async () => {
    expect(await findDisplay({ DISPLAY: ':7777' })).toEqual({
      there: false,
      why: 'The display :7777 does not answer',
    });
    expect(await findDisplay({ DISPLAY: 'nonsense' })).toMatchObject({ there: false });
    expect(await findDisplay({})).toEqual({ there: false, why: 'No display' });
  });

  it('that answers is one', async () => {
    const runtime = folder();
    const server = net.createServer();
    onTestFinished(() => void server.close());
    await new Promise<void>((resolve) => server.listen(path.join(runtime, 'wayland-0'), resolve));
    expect(await findDisplay({ DISPLAY: ':7777', WAYLAND_DISPLAY: 'wayland-0', XDG_RUNTIME_DIR: runtime })).toEqual({
      there: true,
      wayland: true,
    });
  });
});

describe('a failure of the system', () => {
  it('is a sentence and a next step', () => {
    const full = Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC', path: '/x/out' });
    expect(systemFailure(full)?.message).toBe(
      '/x/out could not be written: the disk is full.\n  Free some space, then run the command again.',
    );
  });

  it('is not what a bug is', () => expect(systemFailure(new TypeError('x is not a function'))).toBeUndefined());

  it.each([
    ['npm error code ECONNREFUSED\nnpm error syscall connect', /^The npm registry cannot be reached/],
    ['npm error code ENOSPC\nnpm error syscall write', /^The disk filled up/],
    [
      'npm error code EACCES\nnpm error path /srv/slowburn/node_modules',
      /has no permission to write: .*\/srv\/slowburn\/node_modules/,
    ],
    [
      'npm error code EINTEGRITY\nnpm error sha512-abc integrity checksum failed',
      /sha512-abc integrity checksum failed/,
    ],
  ])('of npm is a sentence: %j', (output, sentence) => {
    const { message } = installFailure(1, output);
    expect(message).toMatch(sentence);
    expect(message.split('\n')).toHaveLength(2);
  });
});
