import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { intervalOption, secondsOption, sourceOption, speedOption, wattsOption } from '../../cli/options.ts';
import { openRecordFile } from '../../cli/record-file.ts';
import { messageOf } from '../../app/core/result.ts';
import { makeFolder } from '../../app/core/folders.node.ts';
import { parseArguments } from '../../main/arguments.ts';
import { refuseEatenOptions } from '../../scripts/slowburn.mjs';
import { frameWith, tickWith } from '../support/frames.ts';

function folder(): string {
  const made = fs.mkdtempSync(path.join(os.tmpdir(), 'slowburn-arguments-'));
  onTestFinished(() => fs.rmSync(made, { recursive: true }));
  return made;
}

describe('the window’s options', () => {
  it('stand among Chromium’s own switches', () => {
    const argv = ['/app', '--no-sandbox', '--log-level=3', '--remote-debugging-port=0', '--source', 'simulator:2'];
    expect(parseArguments(argv)).toMatchObject({ ok: true, value: { source: { kind: 'simulator', count: 2 } } });
  });

  it.each([
    [['--source', 'foo'], '--source foo: there is no such source.'],
    [['--source'], '--source : there is no such source.'],
    [['--speed', 'x'], '--speed x: the speed must be above 0 and at most 1000.'],
    [['--speed', '0'], '--speed 0: the speed must be above 0 and at most 1000.'],
    [['--sorce', 'simulator'], 'There is no option --sorce.'],
    [['--datadir', '/x'], 'There is no option --datadir.'],
    [['--burn=gas'], '--burn gas: the ways are vulkan, opengl, software.'],
    [['--for', '3'], '--for is an option of the terminal, not of the window.'],
  ])('%j are refused in a sentence', (argv, message) => {
    expect(parseArguments(argv)).toMatchObject({ ok: false, error: { code: 'invalid-argument', message } });
  });
});

describe('the terminal’s options', () => {
  it.each([
    [sourceOption, ['foo', '', 'replay:', 'simulator:0', 'simulator:65', 'simulator:1.5', 'auto:x']],
    [speedOption, ['x', '', '0', '-1', '1001', 'NaN', 'Infinity']],
    [secondsOption, ['x', '', '0', '-1', '1e400', '1e10', 'NaN']], // a timer beyond 2³¹ ms would fire at once
    [intervalOption, ['x', '', '0', '10', 'NaN']],
    [wattsOption, ['x', '', '0', '-5', 'Infinity']],
  ] as const)('%o refuses %j', (option, texts) => {
    for (const text of texts) expect(() => option(text), text).toThrow(/\w\.( |$)/);
  });
});

it('options that npm keeps for itself are noticed', () => {
  expect(() => refuseEatenOptions('npm start --', {})).not.toThrow();
  expect(() => refuseEatenOptions('npm start --', { npm_config_data_dir: '/x' })).toThrow(
    'npm used --data-dir as its own option.\n  Put -- before it: npm start -- --data-dir …',
  );
});

describe('the file of --record', () => {
  const tick = tickWith(Date.UTC(2026, 2, 1), 1000, [frameWith({ coreTempC: 60 })]);
  const nothing = () => undefined;

  it('keeps what it holds until there is something to write', () => {
    const file = path.join(folder(), 'own.jsonl');
    fs.writeFileSync(file, 'of yesterday');
    const idle = openRecordFile(file, { kind: 'auto' }, nothing);
    expect(idle.ok && idle.value.close()).toBe(true);
    expect(fs.readFileSync(file, 'utf8')).toBe('of yesterday');
    const used = openRecordFile(file, { kind: 'auto' }, nothing);
    if (used.ok) used.value.write(tick);
    expect(fs.readFileSync(file, 'utf8')).not.toContain('of yesterday');
    expect(fs.readFileSync(file, 'utf8').trim().split('\n')).toHaveLength(2);
  });

  it('is never the recording that is being played', () => {
    const file = path.join(folder(), 'own.jsonl');
    fs.writeFileSync(file, 'precious');
    fs.symlinkSync(file, `${file}.link`);
    for (const name of [file, `${file}.link`])
      expect(openRecordFile(name, { kind: 'replay', file }, nothing)).toMatchObject({ ok: false });
  });

  it.each(['/nonexistent/folder/x', '/'])('that cannot be written is refused in a sentence: %s', (file) => {
    expect(openRecordFile(file, { kind: 'auto' }, nothing)).toMatchObject({
      ok: false,
      error: {
        code: 'write-failed',
        message: expect.stringMatching(/^The recording .* cannot be written: [a-z ]+\.$/),
      },
    });
  });

  it('that fails later is told of once', () => {
    const told: string[] = [];
    const full = openRecordFile('/dev/full', { kind: 'auto' }, ({ message }) => told.push(message));
    if (full.ok) for (let i = 0; i < 3; i++) full.value.write(tick);
    expect(full.ok && full.value.close()).toBe(false);
    expect(told).toEqual(['The recording /dev/full cannot be written: the disk is full.']);
  });
});

describe('a folder', () => {
  it('is made with those above it, and made twice is no error', () => {
    const deep = path.join(folder(), 'a', 'ä b', 'c');
    makeFolder(deep);
    makeFolder(deep);
    expect(fs.statSync(deep).isDirectory()).toBe(true);
  });

  it.each(['/proc/nonexistent/x', '/dev/null/x'])('that cannot be made is an error, not a wait: %s', (name) => {
    expect(() => makeFolder(name)).toThrow();
  });
});

it('a failure of the system is told in plain words', () => {
  expect(messageOf(Object.assign(new Error('ENOSPC: …, write'), { code: 'ENOSPC' }))).toBe('the disk is full');
  expect(messageOf(new Error('something else'))).toBe('something else');
  expect(messageOf('thrown text')).toBe('thrown text');
});
