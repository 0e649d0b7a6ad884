import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { openForReading } from '../../app/history/file/database.node.ts';
import { createStore } from '../../app/recorder/store.ts';
import { temporaryFolder, threads } from '../support/folders.ts';
import { writeHotRecording } from '../support/hot-recording.ts';
import { compileMock } from '../support/mock-nvml.ts';

const program = fileURLToPath(new URL('slowburn.js', threads));
const slowburn = (args: readonly string[], env: NodeJS.ProcessEnv = {}) =>
  spawnSync(process.execPath, [program, ...args], { encoding: 'utf8', env: { ...process.env, ...env } });

function openedForReading(folder: string, name = 'history.simulated.db') {
  const db = openForReading(path.join(folder, name));
  if (!db.ok) throw new Error(db.error.message);
  return db.value;
}

function sessionsOf(folder: string, name?: string) {
  const store = createStore(openedForReading(folder, name));
  const sessions = store.sessions.newest(10);
  store.close();
  return sessions;
}

describe('slowburn run', () => {
  it('records what a command does, and ends with its exit code', () => {
    const folder = temporaryFolder();
    const ran = slowburn([
      'run',
      '--source',
      'simulator',
      '--interval',
      '0.1',
      '--data-dir',
      folder,
      '--',
      'sh',
      '-c',
      'echo generated; sleep 2; exit 3',
    ]);
    expect(ran.status).toBe(3);
    expect(ran.stdout).toBe('generated\n'); // the command's own output, untouched
    expect(ran.stderr).toMatch(/Energy\s+\d.* J, (± \d+ %|between \d.* J and \d.* k?J), from/);
    const [session] = sessionsOf(folder);
    expect(session).toMatchObject({
      name: 'sh',
      command: 'sh -c …',
      exitCode: 3,
      gpus: [],
    });
    const [summary] = session!.summary!.gpus;
    expect(summary!.observedMs).toBeGreaterThan(1500);
    expect(summary).toMatchObject({
      energyFrom: 'counter',
      peakTempC: expect.any(Number),
      equivalentHours: { low: expect.any(Number) },
    });
  });

  it('follows what the command leaves running, and finds the GPU that it used', () => {
    const folder = temporaryFolder();
    const control = path.join(folder, 'control');
    // the command starts a process that outlives it and that the driver then reports on the second GPU
    const command = `sleep 2.5 & echo "set 1 process_pid $!" > ${control}; exit 0`;
    const started = Date.now();
    const ran = slowburn(
      [
        'run',
        '--source',
        `nvml:${compileMock()}`,
        '--interval',
        '0.2',
        '--data-dir',
        folder,
        '--',
        'sh',
        '-c',
        command,
      ],
      { MOCK_NVML_CONTROL: control },
    );
    expect(ran.status, ran.stderr).toBe(0);
    expect(Date.now() - started).toBeGreaterThan(2500);
    expect(ran.stderr).toContain('1 process that it started is still running');
    const [session] = sessionsOf(folder, 'history.db');
    expect(session!.summary!.gpus.length).toBeGreaterThan(0);
  });

  it('uses the Slowburn that records already', async () => {
    const folder = temporaryFolder();
    const monitor = spawn(
      process.execPath,
      [program, 'monitor', '--source', 'simulator', '--interval', '5', '--data-dir', folder],
      { stdio: 'ignore' },
    );
    try {
      while (!fs.existsSync(path.join(folder, 'recorder.json')))
        await new Promise((resolve) => setTimeout(resolve, 50));
      const ran = slowburn(['run', '--data-dir', folder, '--name', 'beside', '--', 'sleep', '1']);
      expect(ran.status, ran.stderr).toBe(0);
      const [session] = sessionsOf(folder);
      expect(session).toMatchObject({ name: 'beside', exitCode: 0 });
      // it asked for samples at its start and end: the recorder’s own next one was seconds away
      const tookMs = session!.endedMs! - session!.startedMs;
      expect(session!.summary!.gpus).toMatchObject([{ observedMs: tookMs, energyFrom: 'counter' }]);
      const store = createStore(openedForReading(folder));
      const stamps = [...store.samplesBetween(session!.summary!.gpus[0]!.gpuUuid, 0, 1e15)].map(({ tsMs }) => tsMs);
      store.close();
      expect(stamps).toEqual(expect.arrayContaining([session!.startedMs, session!.endedMs]));
    } finally {
      const ended = new Promise((resolve) => monitor.on('exit', resolve));
      monitor.kill('SIGTERM');
      await ended;
    }
    expect(fs.existsSync(path.join(folder, 'recorder.json'))).toBe(false);
  });

  /** A run on the stand-in driver, at 200 W, read once in five seconds. */
  const runOnMock = (folder: string, seconds: number, ...control: readonly string[]) => {
    const file = path.join(folder, 'control');
    fs.writeFileSync(file, `set -1 count 1\n${control.map((line) => `${line}\n`).join('')}`);
    const options = ['--source', `nvml:${compileMock()}`, '--interval', '5', '--data-dir', folder];
    return slowburn(['run', ...options, '--', 'sleep', String(seconds)], { MOCK_NVML_CONTROL: file });
  };

  it.each([0.5, 1, 2.5])('a command of %d s has its energy, however seldom the card is read', (seconds) => {
    const folder = temporaryFolder();
    const ran = runOnMock(folder, seconds);
    expect(ran.stderr).not.toContain('No GPU was observed');
    expect(ran.stderr).toMatch(/Energy\s+\d.*from the card’s energy counter/);
    const [session] = sessionsOf(folder, 'history.db');
    const [summary] = session!.summary!.gpus;
    const tookMs = session!.endedMs! - session!.startedMs;
    expect(tookMs).toBeGreaterThanOrEqual(seconds * 1000);
    expect(summary).toMatchObject({ observedMs: tookMs, energyFrom: 'counter' });
    expect(summary!.energyJ! / (0.2 * tookMs)).toBeCloseTo(1, 1);
    // the doubt is that of the readings at both ends, not that of the interval
    const { low, high } = summary!.energyRangeJ!;
    expect(low).toBeLessThanOrEqual(0.2 * tookMs);
    expect(high).toBeGreaterThanOrEqual(0.2 * tookMs);
    expect(high - low).toBeLessThan(0.2 * 5000);
  });

  it('a counter that stands still is not used, and that is said and stored', () => {
    const folder = temporaryFolder();
    const ran = runOnMock(folder, 2, 'set * energy_mj 5000000', 'set * power_mw 300000');
    expect(ran.stderr).toMatch(/Energy\s+\d.*integrated from power readings/);
    expect(ran.stderr).toContain('The card’s energy counter stood still while the card drew power');
    const [session] = sessionsOf(folder, 'history.db');
    const [summary] = session!.summary!.gpus;
    expect(summary).toMatchObject({ energyFrom: 'power', energyWhy: 'counter-stuck' });
    expect(summary!.energyJ!).toBeCloseTo((300 * (session!.endedMs! - session!.startedMs)) / 1000, 0);
  });

  it('refuses a recording as its source, and one that is being played in its folder', async () => {
    const folder = temporaryFolder();
    const hot = writeHotRecording(folder);
    for (const command of [['run'], ['sweep', '--power', '200:300:50']]) {
      const ran = slowburn([
        ...command,
        '--source',
        `replay:${hot}`,
        '--data-dir',
        folder,
        '--',
        'touch',
        `${folder}/ran`,
      ]);
      expect(ran.status).toBe(1);
      expect(ran.stderr).toContain('its samples are from another time');
      expect(ran.stderr).toContain('slowburn monitor --source replay:FILE');
    }
    const monitor = spawn(process.execPath, [program, 'monitor', '--source', `replay:${hot}`, '--data-dir', folder], {
      stdio: 'ignore',
    });
    try {
      while (!fs.existsSync(path.join(folder, 'recorder.json')))
        await new Promise((resolve) => setTimeout(resolve, 50));
      const ran = slowburn(['run', '--data-dir', folder, '--', 'touch', `${folder}/ran`]);
      expect([ran.status, ran.stderr]).toEqual([1, expect.stringContaining('A recording is being played')]);
    } finally {
      const ended = new Promise((resolve) => monitor.on('exit', resolve));
      monitor.kill('SIGTERM');
      await ended;
    }
    expect(fs.existsSync(`${folder}/ran`)).toBe(false);
  });

  it('says what is wrong with a command that cannot be started', () => {
    const folder = temporaryFolder();
    const ran = slowburn(['run', '--source', 'simulator', '--data-dir', folder, '--', 'no-such-program']);
    expect(ran.status).toBe(127); // as a shell says it
    expect(ran.stderr).toContain('no-such-program could not be started: there is no such program.');
    expect(sessionsOf(folder)).toEqual([]); // nothing ran
    const file = path.join(folder, 'not-a-program');
    fs.writeFileSync(file, 'text');
    const forbidden = slowburn(['run', '--source', 'simulator', '--data-dir', folder, '--', file]);
    expect(forbidden.status).toBe(126);
    expect(forbidden.stderr).toContain('it is not executable');
  });

  it.each(['SIGTERM', 'SIGHUP'] as const)(
    'writes the session when it is ended by %s, and waits for no other process',
    async (signal) => {
      const folder = temporaryFolder();
      const command =
        'trap "exit 7" TERM HUP; setsid sh -c "echo \\$\\$; exec sleep 1000" & while :; do sleep 0.05; done';
      const args = [
        'run',
        '--source',
        'simulator',
        '--interval',
        '0.1',
        '--data-dir',
        folder,
        '--',
        'sh',
        '-c',
        command,
      ];
      const child = spawn(process.execPath, [program, ...args], {
        stdio: ['ignore', 'pipe', 'ignore'],
        detached: true,
      });
      const left = await new Promise<number>((resolve) => child.stdout.once('data', (text) => resolve(Number(text))));
      const ended = new Promise<number | null>((resolve) => child.on('exit', resolve));
      if (signal === 'SIGTERM') child.kill(signal);
      else process.kill(-child.pid!, signal); // a terminal that closes tells its whole group
      expect(await ended).toBe(7);
      expect(sessionsOf(folder)).toMatchObject([{ name: 'sh', exitCode: 7 }]);
      process.kill(left, 'SIGKILL');
    },
  );

  it('passes standard input on, and ends as a shell would when a signal ended the command', () => {
    const args = ['run', '--source', 'simulator', '--interval', '0.1', '--data-dir', temporaryFolder(), '--'];
    const piped = spawnSync(process.execPath, [program, ...args, 'cat'], { input: 'a\0b', encoding: 'utf8' });
    expect([piped.status, piped.stdout]).toEqual([0, 'a\0b']);
    expect(slowburn([...args, 'sh', '-c', 'kill -9 $$']).status).toBe(137);
  });
});

describe('slowburn monitor', () => {
  it('prints what it sees, and writes a recording that can be played', () => {
    const folder = temporaryFolder();
    const file = path.join(folder, 'recording.jsonl');
    const ran = slowburn([
      'monitor',
      '--source',
      'simulator:2',
      '--interval',
      '0.1',
      '--for',
      '1',
      '--record',
      file,
      '--data-dir',
      folder,
    ]);
    expect(ran.status).toBe(0);
    expect(ran.stdout).toContain('Simulated GPU');
    expect(ran.stdout).toContain('1 Simulated 350 W card');
    expect(ran.stdout).not.toMatch(/NaN|undefined|null/);
    const played = slowburn(['monitor', '--source', `replay:${file}`, '--speed', '10', '--data-dir', folder]);
    expect(played.status).toBe(0);
    expect(played.stdout).toContain('Replayed recording');
    expect(played.stdout).toContain('played to its end');
  });

  it('prints faults, alerts with what to do, and their end with --quiet, each once', () => {
    const folder = temporaryFolder();
    const args = ['monitor', '--quiet', '--interval', '0.1', '--data-dir', folder];
    const ran = slowburn([...args, '--source', 'simulator', '--for', '1']);
    expect([ran.status, ran.stdout, ran.stderr]).toEqual([0, '', '']);
    const hot = writeHotRecording(folder);
    const played = slowburn([...args, '--source', `replay:${hot}`, '--speed', '100']);
    const lines = played.stdout.trimEnd().split('\n');
    expect(lines.at(-1)).toBe('The recording has been played to its end.');
    const alert = 'Hot card (GPU 0): Core at its slowdown limit (93 °C)';
    expect(lines[0]).toBe(`! ${alert}`);
    expect(lines[1]).toMatch(/^ {2}The card is throttling\. Lower the power limit/);
    expect(lines.some((line) => line.startsWith(`${alert}: over after 1 min`))).toBe(true);
    expect(new Set(lines).size).toBe(lines.length);
  });

  it.each([
    [['monitor', '--source', 'simulator:0'], 2, 'from 1 to 64'],
    [['monitor', '--interval', '60'], 2, '0.1 to 5 seconds'],
    [['monitor', '--no-such-option'], 2, 'unknown option'],
    [['no-such-command'], 2, 'unknown command'],
    [['monitor', '--source', 'replay:/nonexistent.csv'], 1, 'There is no file /nonexistent.csv.'],
    [['monitor', '--source', 'nvml:/nonexistent.so'], 1, 'No NVIDIA driver library'],
    [['wear', '--trace', '/nonexistent.csv'], 1, 'There is no file /nonexistent.csv.'],
  ])('%j ends with code %d and a sentence', (args, code, sentence) => {
    const ran = slowburn([...args, ...(args[0] === 'monitor' ? ['--data-dir', temporaryFolder()] : [])]);
    expect(ran.status).toBe(code);
    expect(ran.stderr).toContain(sentence);
    expect(ran.stderr).not.toMatch(/\n\s+at /); // no stack trace
  });
});
