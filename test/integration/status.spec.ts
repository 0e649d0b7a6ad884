import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readRecorder, writeRecorder } from '../../app/core/recorder-note.node.ts';
import { createNoteKeeper } from '../../app/recorder/note-keeper.node.ts';
import { frameWith, testGpu, tickWith } from '../support/frames.ts';
import { temporaryFolder, threads } from '../support/folders.ts';

const program = new URL('slowburn.js', threads).pathname;
const slowburn = (...args: string[]) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], { encoding: 'utf8' });
  return { status, stdout, stderr };
};

async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 400 && !condition(); i++) await new Promise((resolve) => setTimeout(resolve, 50));
  expect(condition()).toBe(true);
}

describe('slowburn status', () => {
  it('exits with 3 and says how to start where nothing records', () => {
    const folder = temporaryFolder();
    const { status, stdout, stderr } = slowburn('status', '--data-dir', folder);
    expect([status, stderr]).toEqual([3, '']);
    expect(stdout.trimEnd().split('\n')).toHaveLength(5);
    expect(stdout).toContain('slowburn service install');
    expect(fs.readdirSync(folder)).toEqual([]); // only reads
  });

  it('describes a recorder in another process, until that is killed', async () => {
    const folder = temporaryFolder();
    const args = [program, 'monitor', '--quiet', '--source', 'simulator:2', '--data-dir', folder];
    const child = spawn(process.execPath, args, { stdio: 'ignore' });
    onTestFinished(() => void child.kill('SIGKILL'));
    await until(() => readRecorder(folder)?.cards?.length === 2);
    const json = slowburn('status', '--data-dir', folder, '--json');
    expect(json.status).toBe(0);
    expect(JSON.parse(json.stdout)).toMatchObject({
      folder,
      state: 'recording',
      recorder: { pid: child.pid, startedBy: 'monitor', intervalMs: 1000 },
      firing: [],
    });
    const plain = slowburn('status', '--data-dir', folder);
    expect(plain.stdout).toContain(`slowburn monitor, process ${child.pid}`);
    expect(plain.stdout.trimEnd().split('\n')).toHaveLength(5);

    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
    expect(slowburn('status', '--data-dir', folder).status).toBe(3);
  });

  it('exits with 3 where a recorder runs that stores nothing', () => {
    const folder = temporaryFolder();
    const fault = { message: 'The disk is full.', next: 'Free some space.' };
    const databaseFile = path.join(folder, 'history.db');
    writeRecorder(folder, { pid: process.pid, databaseFile, notedMs: Date.now(), fault });
    const { status, stdout } = slowburn('status', '--data-dir', folder);
    expect(status).toBe(3);
    expect(stdout).toContain('The disk is full. Free some space.');
    expect(stdout).not.toContain('none firing'); // there is no history that says so
  });
});

describe('the note of a recorder', () => {
  const gpu = (name: string) => ({ gpu: { ...testGpu(0), name }, frame: frameWith({}) });

  it('is written when cards, interval or fault change, and at no other tick', () => {
    const folder = temporaryFolder();
    let intervalMs = 1000;
    let clockMs = 0;
    const keeper = createNoteKeeper({
      folder,
      fixed: { pid: process.pid, databaseFile: 'x', startedBy: 'service', sinceMs: 0 },
      intervalMs: () => intervalMs,
      cost: () => ({ cpuPct: 1, rssBytes: 1, readMs: 1, cpuMsATick: 1, kept: 1, lost: 0, intervalMs }),
      wallMs: () => ++clockMs,
    });
    const tick = tickWith(0, 1000, []);
    const written = (): number | undefined => readRecorder(folder)?.notedMs;
    keeper.tick({ ...tick, gpus: [gpu('A')] });
    expect(readRecorder(folder)).toMatchObject({ notedMs: 1, cards: ['A'], intervalMs: 1000 });
    keeper.tick({ ...tick, gpus: [gpu('A')] });
    expect(written()).toBe(1);
    keeper.tick({ ...tick, gpus: [gpu('B')] });
    expect(readRecorder(folder)).toMatchObject({ notedMs: 2, cards: ['B'] });
    intervalMs = 500;
    keeper.tick({ ...tick, gpus: [gpu('B')] });
    expect(readRecorder(folder)).toMatchObject({ notedMs: 3, intervalMs: 500 });
    const fault = { code: 'recording-failed', message: 'The disk is full.' } as never;
    keeper.tick({ ...tick, gpus: [gpu('B')], fault });
    expect(readRecorder(folder)).toMatchObject({ notedMs: 4, fault: { message: 'The disk is full.' } });
    keeper.tick({ ...tick, gpus: [gpu('B')] });
    expect([written(), readRecorder(folder)?.fault]).toEqual([5, undefined]);
    keeper.write();
    expect(readRecorder(folder)).toMatchObject({ notedMs: 6, cost: { cpuPct: 1 } });
    fs.rmSync(folder, { recursive: true });
    expect(() => keeper.write()).not.toThrow(); // recording does not end because a note cannot be written
  });
});
