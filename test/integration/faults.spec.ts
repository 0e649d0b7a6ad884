import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openCollector } from '../../app/recorder/collector.node.ts';
import { lockRecorder, markDamaged, openDatabase, openForReading } from '../../app/history/file/database.node.ts';
import { createStore } from '../../app/recorder/store.ts';
import { checkHistory } from '../../app/jobs/check.ts';
import { defaultSettings } from '../../app/settings/settings.ts';
import type { Tick } from '../../app/telemetry/sampler.ts';
import { temporaryFolder, threads } from '../support/folders.ts';
import { frameWith, tickWith } from '../support/frames.ts';
import { writeHotRecording } from '../support/hot-recording.ts';
import { openStore } from '../support/store.ts';

const START = Date.UTC(2026, 2, 1, 9);
const program = new URL('slowburn.js', threads).pathname;

/** Compiles the disk that fails when told. */
function compileDisk(): string {
  const library = path.join(os.tmpdir(), `slowburn-mock-disk-${process.pid}.so`);
  const source = path.resolve(import.meta.dirname, '../mock-disk/disk.c');
  execFileSync('gcc', ['-shared', '-fPIC', '-O1', '-Wall', '-Wextra', '-Werror', '-o', library, source, '-ldl']);
  onTestFinished(() => fs.rmSync(library, { force: true }));
  return library;
}

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe.each([
  ['full', os.constants.errno.ENOSPC, /The disk that holds .* is full/],
  ['broken', os.constants.errno.EIO, /reports an error/],
])('a disk that is %s', (_, errno, sentence) => {
  it('pauses recording with a sentence, resumes automatically, and leaves a gap that says why', async () => {
    const folder = temporaryFolder();
    const control = path.join(folder, 'control');
    fs.writeFileSync(control, '0');
    const recorder = spawn(
      process.execPath,
      [program, 'monitor', '--source', 'simulator', '--interval', '0.1', '--data-dir', folder],
      { env: { ...process.env, LD_PRELOAD: compileDisk(), MOCK_DISK_CONTROL: control } },
    );
    let said = '';
    recorder.stdout.on('data', (text) => (said += String(text)));
    const ended = new Promise((resolve) => recorder.once('exit', resolve));
    const until = async (condition: () => boolean): Promise<void> => {
      for (let i = 0; i < 200 && !condition(); i++) await wait(50);
    };
    const file = path.join(folder, 'history.simulated.db');
    await until(() => fs.existsSync(file) && said !== '');
    await wait(700);
    fs.writeFileSync(control, String(errno));
    await until(() => sentence.test(said));
    expect(said).toContain('Recording is paused.');
    expect(said).toMatch(sentence);
    expect(said).toContain('Recording resumes automatically.');
    fs.writeFileSync(control, '0');
    await wait(1000);
    recorder.kill('SIGINT');
    await ended;

    const opened = openForReading(file);
    if (!opened.ok) throw new Error(opened.error.message);
    const report = checkHistory(opened.value, { progress: () => undefined, cancelled: () => false })!;
    const store = createStore(opened.value);
    const [gap] = store.gaps(0, 1e15).filter(({ reason }) => reason === 'not-writable');
    const uuid = store.gpus.list()[0]!.uuid;
    const samples = [...store.samplesBetween(uuid, 0, 1e15)];
    store.close();
    expect(report.problems).toEqual([]);
    expect(gap).toBeDefined();
    expect(samples.some(({ tsMs }) => tsMs > gap!.fromMs && tsMs < gap!.toMs)).toBe(false);
    expect(samples.find(({ tsMs }) => tsMs === gap!.toMs)!.dtMs).toBeUndefined(); // nothing is added up across it
    expect(samples.filter(({ tsMs }) => tsMs > gap!.toMs).length).toBeGreaterThan(2);
  });

  it('keeps no hot card from being told of, and takes the alert when it can', async () => {
    const folder = temporaryFolder();
    const control = path.join(folder, 'control');
    fs.writeFileSync(control, '0');
    const source = `replay:${writeHotRecording(folder)}`;
    const recorder = spawn(
      process.execPath,
      [program, 'monitor', '--source', source, '--speed', '10', '--data-dir', folder],
      { env: { ...process.env, LD_PRELOAD: compileDisk(), MOCK_DISK_CONTROL: control } },
    );
    onTestFinished(() => void recorder.kill('SIGKILL'));
    let said = '';
    recorder.stdout.on('data', (text) => (said += String(text)));
    const until = async (condition: () => boolean): Promise<void> => {
      for (let i = 0; i < 600 && !condition(); i++) await wait(50);
    };
    await until(() => said !== '');
    fs.writeFileSync(control, String(errno));
    await until(() => /^! Hot card \(GPU 0\): /m.test(said));
    expect(said).toContain('Recording is paused.');
    expect(said).toMatch(/^! Hot card \(GPU 0\): /m);
    const written = () => {
      const opened = openForReading(path.join(folder, 'history.replay.db'));
      if (!opened.ok) throw new Error(opened.error.message);
      const alerts = createStore(opened.value).alerts.newest(10);
      opened.value.close();
      return alerts;
    };
    expect(written()).toEqual([]);
    fs.writeFileSync(control, '0');
    await until(() => written().length > 0);
    // that recording was paused is a separate alert, if it lasted long enough
    const ofCard = written().filter(({ rule }) => rule !== 'recording-paused');
    expect(ofCard).toMatchObject([{ gpuName: 'Hot card', rule: 'core-at-slowdown', severity: 'act' }]);
  });
});

describe('a history that cannot be used', () => {
  it('because another program holds it is reported, and is left as it is', () => {
    const { store, file } = openStore();
    store.close();
    const other = new Database(file);
    other.pragma('locking_mode = EXCLUSIVE');
    other.exec('BEGIN EXCLUSIVE');
    expect(openDatabase(file)).toMatchObject({ ok: false, error: { code: 'database-busy', next: expect.any(String) } });
    other.close();
    expect(fs.readdirSync(path.dirname(file)).filter((name) => name.includes('damaged'))).toEqual([]);
  });

  it('because its folder takes no files is reported', () => {
    for (const opened of [openDatabase('/proc/history.db'), lockRecorder('/proc')]) {
      expect(opened).toMatchObject({ ok: false, error: { code: 'database-unusable', next: expect.any(String) } });
    }
  });

  it('because a page of it is damaged is renamed, whole, and a new one is begun', () => {
    const { store, file } = openStore();
    for (let i = 0; i < 500; i++) store.append(tickWith(START + i * 1000, 1000, [frameWith({ coreTempC: 50 })]));
    store.close();
    const db = new Database(file);
    const root = db.prepare("SELECT rootpage FROM sqlite_master WHERE name = 'tick'").pluck().get() as number;
    db.close();
    const bytes = fs.readFileSync(file);
    bytes.fill(0xff, (root - 1) * 4096, root * 4096);
    fs.writeFileSync(file, bytes);
    const opened = openDatabase(file);
    if (!opened.ok) throw new Error(opened.error.message);
    opened.value.db.close();
    expect(fs.readFileSync(opened.value.setAside!).equals(bytes)).toBe(true);
    expect(fs.existsSync(file)).toBe(true);
  });

  it('found damaged while recording, is set aside at the next start', async () => {
    const folder = temporaryFolder();
    const config = {
      source: { kind: 'simulator', count: 1 },
      speed: 1,
      dataFolder: folder,
      settings: { ...defaultSettings, intervalMs: 100 },
      suspended: [],
      restarted: false,
      startedBy: 'monitor',
    } as const;
    const ticks: Tick[] = [];
    let damaged = 0;
    const events = {
      onTick: (tick: Tick) => void ticks.push(tick),
      onAlerts() {},
      onSessions() {},
      onDamaged: () => damaged++,
    };
    const first = await openCollector(config, events, threads);
    if (!first.ok) throw new Error(first.error.message);
    const file = first.value.databaseFile;
    const until = async (condition: () => boolean): Promise<void> => {
      for (let i = 0; i < 200 && !condition(); i++) await wait(50);
    };
    await until(() => ticks.length > 5);
    const db = new Database(file);
    db.pragma('wal_checkpoint(TRUNCATE)');
    const pages = db.pragma('page_count', { simple: true }) as number;
    const schema = db.pragma('schema_version', { simple: true }) as number;
    db.unsafeMode();
    db.pragma('writable_schema = ON');
    db.prepare("UPDATE sqlite_master SET rootpage = ? WHERE name = 'tick'").run(pages + 50);
    db.pragma(`schema_version = ${schema + 1}`);
    db.close();
    await until(() => damaged > 0);
    expect(ticks.at(-1)!.fault?.message).toContain('Recording is paused.');
    await first.value.stop();
    const second = await openCollector(config, events, threads);
    if (!second.ok) throw new Error(second.error.message);
    expect(second.value.setAside).toContain('.damaged-');
    await second.value.stop();
    markDamaged(file);
    const third = openDatabase(file);
    expect(third.ok && third.value.setAside).toBeTruthy();
    if (third.ok) third.value.db.close();
  });

  it('loses only a damaged chunk: recording and every other hour go on', () => {
    const { store, file } = openStore();
    for (let i = 0; i < 3000; i++)
      store.append(
        tickWith(START + i * 3000, 3000, [frameWith({ coreTempC: 50 + (i % 30), powerW: (i * 7919) % 300 })]),
      );
    while (store.tidy(START + 1e8));
    const db = new Database(file);
    const row = db.prepare('SELECT id, data FROM chunk ORDER BY id LIMIT 1').get() as { id: number; data: Buffer };
    row.data[row.data.length >> 1]! ^= 1;
    db.prepare('UPDATE chunk SET data = ? WHERE id = ?').run(row.data, row.id);
    db.close();
    const uuid = store.gpus.list()[0]!.uuid;
    expect(() => [...store.samplesBetween(uuid, 0, 1e15)]).toThrow(/damaged.*db check/);
    expect([...store.samplesBetween(uuid, START + 3_600_000, 1e15)].length).toBe(1800);
    expect(store.append(tickWith(START + 1e8, undefined, [frameWith({ coreTempC: 40 })]))).toHaveLength(1);
  });
});
