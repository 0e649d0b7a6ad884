import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { historyOf } from '../../cli/history-file.ts';
import { markDamaged, openDatabase, openForReading } from '../../app/history/file/database.node.ts';
import { isBeingReplaced } from '../../app/history/file/replacement.node.ts';
import { createStore } from '../../app/recorder/store.ts';
import { temporaryFolder, threads } from '../support/folders.ts';
import { frameWith, testGpu, tickWith } from '../support/frames.ts';
import { openStore } from '../support/store.ts';

const OLD = Date.UTC(2026, 2, 1, 9);
const NEW = Date.UTC(2026, 3, 1, 9);
const program = new URL('slowburn.js', threads).pathname;
let killer = '';

beforeAll(() => {
  killer = path.join(os.tmpdir(), `slowburn-mock-kill-${process.pid}.so`);
  const source = path.resolve(import.meta.dirname, '../mock-disk/kill.c');
  execFileSync('gcc', ['-shared', '-fPIC', '-O1', '-Wall', '-Wextra', '-Werror', '-o', killer, source, '-ldl']);
});
afterAll(() => fs.rmSync(killer, { force: true }));

/** A history of so many samples whose last ones are still in its write-ahead log, as a killed recorder leaves it. */
function leftByKilledRecorder(file: string, fromMs: number, count: number): void {
  const { store, file: live } = openStore();
  for (let i = 0; i < count; i++)
    store.append(tickWith(fromMs + i * 1000, 1000, [frameWith({ coreTempC: 50 + (i % 9) })]));
  for (const suffix of ['', '-wal']) fs.copyFileSync(live + suffix, file + suffix);
}

/** Stamps of all samples of a history. */
function samplesIn(file: string): number[] {
  const opened = openForReading(file);
  if (!opened.ok) throw new Error(opened.error.message);
  const store = createStore(opened.value);
  const stamps = [...store.samplesBetween(testGpu().uuid, 0, 1e15)].map(({ tsMs }) => tsMs);
  store.close();
  return stamps;
}

type Killed = { readonly status: number | null; readonly steps: readonly string[] };

/** Runs a command that is killed before its step of that number; 0: it is left alone. */
function runKilled(folder: string, at: number, args: readonly string[], env: NodeJS.ProcessEnv = {}): Killed {
  const log = path.join(temporaryFolder(), 'steps');
  const { status } = spawnSync(process.execPath, [program, ...args], {
    env: {
      ...process.env,
      ...env,
      LD_PRELOAD: killer,
      MOCK_KILL_AT: String(at),
      MOCK_KILL_FOLDER: folder,
      MOCK_KILL_LOG: log,
    },
  });
  const steps = fs.existsSync(log) ? fs.readFileSync(log, 'utf8').trim().split('\n') : [];
  return { status, steps: steps.map((line) => line.replaceAll(`${folder}/`, '')) };
}

const oldStamps = Array.from({ length: 60 }, (_, i) => OLD + i * 1000);
const newStamps = Array.from({ length: 90 }, (_, i) => NEW + i * 1000);

/** Steps that change which file is the history, and some that only make ready. */
const decisive = (steps: readonly string[]): number[] =>
  steps
    .filter((step) => !/-journal$|recorder\.lock|backup\.db|history\.db\.new\.\d/.test(step))
    .map((step) => Number.parseInt(step, 10));

describe.each([
  ['with hard links', {}],
  ['on a disk without hard links', { MOCK_NO_LINKS: '1' }],
])('a replacement, %s', (_, env) => {
  function prepared(): string {
    const folder = temporaryFolder();
    leftByKilledRecorder(path.join(folder, 'history.db'), OLD, oldStamps.length);
    return folder;
  }
  const named = (folder: string, word: string): string[] =>
    fs.readdirSync(folder).filter((name) => name.includes(word) && !/-(wal|shm)$/.test(name));

  it('by a restore that is killed at any step leaves the old history or the new one, whole, and keeps the old one', () => {
    const backup = path.join(temporaryFolder(), 'backup.db');
    leftByKilledRecorder(backup, NEW, newStamps.length);
    const restore = (folder: string, at: number) =>
      runKilled(folder, at, ['db', 'restore', backup, '--data-dir', folder], env);
    const { status, steps } = restore(prepared(), 0);
    expect(status).toBe(0);
    const planned = steps.findIndex((step) => step.includes('rename history.db.replacing')) + 1;
    expect(planned).toBeGreaterThan(0);
    for (const at of decisive(steps)) {
      const folder = prepared();
      const file = path.join(folder, 'history.db');
      expect(restore(folder, at).status, steps[at - 1]).toBeNull();
      if (isBeingReplaced(file))
        expect(openForReading(file)).toMatchObject({ ok: false, error: { code: 'database-busy' } });
      if (at % 2 === 0) expect(historyOf({ dataDir: folder })).toEqual({ ok: true, value: file });
      else {
        const opened = openDatabase(file);
        if (!opened.ok) throw new Error(opened.error.message);
        opened.value.db.close();
      }
      expect(isBeingReplaced(file)).toBe(false);
      expect(samplesIn(file), steps[at - 1]).toEqual(at > planned ? newStamps : oldStamps);
      const asides = named(folder, '.replaced-');
      if (at > planned) expect(samplesIn(path.join(folder, asides[0]!))).toEqual(oldStamps);
      else expect(asides).toEqual([]);
    }
  }, 300_000);

  it('of a damaged history that is killed at any step keeps the damaged one, and a new one begins', () => {
    const open = (folder: string, at: number) =>
      runKilled(folder, at, ['import', path.join(folder, 'none.csv'), '--data-dir', folder], env);
    function damaged(): string {
      const folder = prepared();
      markDamaged(path.join(folder, 'history.db'));
      return folder;
    }
    const { steps } = open(damaged(), 0);
    const last = steps.findIndex((step) => step.includes('unlink history.db.replacing')) + 1;
    expect(last).toBeGreaterThan(0);
    for (const at of decisive(steps).filter((step) => step <= last)) {
      const folder = damaged();
      const file = path.join(folder, 'history.db');
      expect(open(folder, at).status, steps[at - 1]).toBeNull();
      const opened = openDatabase(file);
      if (!opened.ok) throw new Error(opened.error.message);
      opened.value.db.close();
      expect(samplesIn(file), steps[at - 1]).toEqual([]);
      const asides = named(folder, '.damaged-');
      expect(asides).toHaveLength(1);
      expect(samplesIn(path.join(folder, asides[0]!))).toEqual(oldStamps);
    }
  }, 300_000);
});

describe('a restore', () => {
  it('of a good backup stays although the history before it was found damaged', async () => {
    const folder = temporaryFolder();
    const file = path.join(folder, 'history.db');
    const backup = path.join(folder, 'backup.db');
    leftByKilledRecorder(file, OLD, oldStamps.length);
    leftByKilledRecorder(backup, NEW, newStamps.length);
    markDamaged(file);
    expect(runKilled(folder, 0, ['db', 'restore', backup, '--data-dir', folder]).status).toBe(0);
    const opened = openDatabase(file);
    expect(opened.ok && opened.value.setAside).toBeUndefined();
    if (opened.ok) opened.value.db.close();
    expect(samplesIn(file)).toEqual(newStamps);
  });
});
