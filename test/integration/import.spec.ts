import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { lockRecorder } from '../../app/history/file/database.node.ts';
import { historyFile } from '../../app/core/folders.node.ts';
import { memoryLedgerStore } from '../../app/wear/ledger/ledger-store.node.ts';
import { createWearTracker } from '../../app/wear/tracker.ts';
import { readingOf } from '../../app/metrics/frame.ts';
import { temporaryFolder } from '../support/folders.ts';
import { frameWith, testGpu, tickWith } from '../support/frames.ts';
import { importFile, logFixture } from '../support/import.ts';
import { openStore } from '../support/store.ts';

const program = path.resolve(import.meta.dirname, '../../out/node/slowburn.js');
const slowburn = (args: readonly string[]) =>
  spawnSync(process.execPath, [program, 'import', ...args], {
    encoding: 'utf8',
    env: { ...process.env, TZ: 'UTC', LANG: 'en_US.UTF-8' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });

const storeOf = (folder: string) => openStore(historyFile(folder, 'measured')).store;
const FROM = Date.UTC(2025, 0, 1);
const TO = Date.UTC(2027, 0, 1);

/** A file of nvidia-smi's CSV: seconds from noon, temperature by second. */
function writeCsv(folder: string, name: string, seconds: readonly number[]): string {
  const file = path.join(folder, name);
  const stamp = (s: number) => new Date(Date.UTC(2026, 5, 9, 12) + s * 1000).toISOString();
  const rows = seconds.map(
    (s) =>
      `${stamp(s).slice(0, 19).replaceAll('-', '/').replace('T', ' ')}.000, GPU-test-0, ${50 + (s % 40)}, 100.00 W`,
  );
  fs.writeFileSync(file, `${['timestamp, uuid, temperature.gpu, power.draw [W]', ...rows].join('\n')}\n`);
  return file;
}
const span = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

describe('slowburn import', () => {
  it('reads a log of each kind and says what it took and what not', () => {
    const folder = temporaryFolder();
    const files = ['hwinfo.csv', 'afterburner.hml', 'query-gpu.csv', 'query.txt', '../nvidia-smi/two-cards.xml'];
    const ran = slowburn([...files.map(logFixture), '--data-dir', folder]);
    expect(ran.stderr).toBe('');
    expect(ran.status).toBe(0);
    expect(ran.stdout).toContain('NVIDIA GeForce RTX 4080 (LOG-nvidia-geforce-rtx-4080-0)');
    expect(ran.stdout).toContain('8 added, 0 already there');
    expect(ran.stdout).toMatch(/Not imported.*GPU Hot Spot Temperature \[°C\]/);
    const store = storeOf(folder);
    expect(store.gpus.list()).toHaveLength(8);
    const range = store.range({
      gpuUuid: 'LOG-nvidia-geforce-rtx-4080-0',
      metrics: ['coreTempC'],
      fromMs: Date.UTC(2026, 5, 9),
      toMs: Date.UTC(2026, 5, 10),
      buckets: 24,
    });
    expect(range?.resolution).toBe('hour');
    expect(range?.series.coreTempC?.max[12]).toBe(64.5);
  });

  it.each([
    ['timestamp, uuid, temperature.gpu, count\n2026/06/09 12:00:00.000, GPU-test-0\n', ['line 2', 'not used: count.']],
    ['timestamp, uuid, temperature.gpu\n2026/06/09 12:00:00.000, GPU-test-0, [N/A]\n', []],
    ['timestamp, uuid, temperature.gpu\n2026/06/09 12:00:00.000, GPU-test-0, 0\n', []], // no die is at 0 °C
    ['time_s,core_temp_c\n0,65\n1,65\n', ['before the year 2000']],
  ])('refuses a log from which nothing can be used, and adds nothing: %j', (text, parts) => {
    const folder = temporaryFolder();
    const file = path.join(folder, 'torn.csv');
    fs.writeFileSync(file, text);
    const ran = slowburn([file, '--gpu', 'x', '--data-dir', folder]);
    expect([ran.status, ran.stdout]).toEqual([1, '']);
    for (const part of ['No reading of the log can be used.', ...parts]) expect(ran.stderr).toContain(part);
    expect(storeOf(folder).gpus.list()).toEqual([]);
  });

  it('reads a table of another program, and stores what it does not have as not reported', () => {
    const folder = temporaryFolder();
    const file = path.join(folder, 'trace.csv');
    fs.writeFileSync(file, 'time;core temp [F];room\n2026-06-09T12:00:00Z;149;20\n2026-06-09T14:00:01+02:00;149;20\n');
    const ran = slowburn([file, '--gpu', 'x', '--data-dir', folder]);
    expect([ran.stderr, ran.status]).toEqual(['', 0]);
    expect(ran.stdout).toContain('2 added');
    expect(ran.stdout).toMatch(/Not imported.*room/);
    const frames = [...storeOf(folder).samplesBetween('LOG-x', FROM, TO)].map(({ frame }) => frame);
    expect(frames.map((frame) => readingOf(frame, 'coreTempC'))).toMatchObject([{ value: 65 }, { value: 65 }]);
    expect(frames.map((frame) => readingOf(frame, 'powerW').state)).toEqual(['unreported', 'unreported']);
  });

  it('adds nothing when the same file is imported again', () => {
    const folder = temporaryFolder();
    const files = ['hwinfo.csv', 'gpu-z.txt', 'afterburner.hml'].map(logFixture);
    slowburn([...files, '--gpu', 'My card', '--data-dir', folder]);
    const before = [...storeOf(folder).samplesBetween('LOG-my-card', FROM, TO)];
    const again = slowburn([...files, '--gpu', 'My card', '--data-dir', folder]);
    expect(again.status).toBe(0);
    expect(again.stdout).not.toMatch(/[1-9]\d* added/);
    expect([...storeOf(folder).samplesBetween('LOG-my-card', FROM, TO)]).toEqual(before);
  });

  it.each([
    [['gpu-z.txt'], 2, 'Pass --gpu NAME'],
    [['gpu-z.txt', '--gpu', 'x', '--date-order', 'ydm'], 2, 'Allowed choices are dmy, mdy, ymd'],
    [['gpu-z.txt', '--gpu', 'x', '--utc-offset', 'noon'], 2, 'Give an offset'],
    [['/nonexistent.csv'], 1, 'There is no file /nonexistent.csv.'],
    [['../vectors/own.json'], 1, 'is not a log that Slowburn can import'],
  ])('%j ends with code %d and a sentence', (args, code, sentence) => {
    const [file = '', ...rest] = args;
    const ran = slowburn([file.startsWith('/') ? file : logFixture(file), ...rest, '--data-dir', temporaryFolder()]);
    expect(ran.status).toBe(code);
    expect(ran.stderr).toContain(sentence);
    expect(ran.stderr).not.toMatch(/\n\s+at /);
  });

  it('asks for the order of dates that can be read in two ways, and takes the answer', () => {
    const folder = temporaryFolder();
    const file = path.join(folder, 'log.csv');
    const text = fs.readFileSync(logFixture('hwinfo.csv'), 'utf8').replaceAll('9.6.2026', '4/6/2026');
    fs.writeFileSync(file, text);
    const asked = slowburn([file, '--data-dir', folder]);
    expect(asked.status).toBe(2);
    expect(asked.stderr).toContain('can be read in 2 ways, and no row settles it: 4/6/2026.');
    expect(asked.stderr).toContain('--date-order dmy or --date-order mdy');
    expect(storeOf(folder).gpus.list()).toEqual([]);
    expect(slowburn([file, '--date-order', 'mdy', '--utc-offset', '+02:00', '--data-dir', folder]).status).toBe(0);
    const [first] = storeOf(folder).samplesBetween('LOG-nvidia-geforce-rtx-4080-0', FROM, TO);
    expect(first!.tsMs).toBe(Date.UTC(2026, 3, 6, 10, 0, 0, 250));
  });

  it('leaves a history alone that is being recorded', () => {
    const folder = temporaryFolder();
    const lock = lockRecorder(folder);
    if (!lock.ok) throw new Error(lock.error.message);
    const ran = slowburn([logFixture('query.txt'), '--data-dir', folder]);
    lock.value();
    expect(ran.status).toBe(1);
    expect(ran.stderr).toContain('Close it, then import again');
  });

  it('refuses numbers of a simulated GPU', () => {
    const folder = temporaryFolder();
    const file = path.join(folder, 'simulated.jsonl');
    const header = { format: 'slowburn-recording', version: 1, gpus: [{ ...testGpu(), uuid: 'SIM-0001-00' }] };
    const line = { t: Date.UTC(2026, 5, 9), gpus: { 'SIM-0001-00': { coreTempC: 60 } } };
    fs.writeFileSync(file, `${JSON.stringify(header)}\n${JSON.stringify(line)}\n`);
    const ran = slowburn([file, '--data-dir', folder]);
    expect(ran.status).toBe(2);
    expect(ran.stderr).toContain('simulated');
  });
});

describe('an imported log', () => {
  const encodings: Record<string, (text: string) => Buffer> = {
    'UTF-8 with a mark': (text) => Buffer.from(`\ufeff${text}`),
    'windows-1252': (text) => Buffer.from(text, 'latin1'),
    'UTF-16 LE': (text) => Buffer.from(`\ufeff${text}`, 'utf16le'),
    'UTF-16 LE without a mark': (text) => Buffer.from(text, 'utf16le'),
    'UTF-16 BE': (text) => Buffer.from(`\ufeff${text}`, 'utf16le').swap16(),
  };
  it.each(Object.keys(encodings))('reads the same in %s', async (name) => {
    for (const fixture of ['hwinfo.csv', 'gpu-z.txt', 'afterburner.hml']) {
      const folder = temporaryFolder();
      const file = path.join(folder, fixture);
      fs.writeFileSync(file, encodings[name]!(fs.readFileSync(logFixture(fixture), 'utf8')));
      const [plain, encoded] = [
        await importFile(temporaryFolder(), logFixture(fixture), 'x'),
        await importFile(folder, file, 'x'),
      ];
      if (!plain.ok) throw new Error(plain.error.message);
      expect(plain.value.taken).toContain('coreTempC');
      expect(encoded).toEqual(plain);
    }
  });

  it('that was copied while it was written loses its torn last line and says so', async () => {
    const folder = temporaryFolder();
    const file = path.join(folder, 'torn.txt');
    fs.writeFileSync(file, fs.readFileSync(logFixture('gpu-z.txt'), 'utf8').slice(0, -30));
    const imported = await importFile(folder, file, 'x');
    if (!imported.ok) throw new Error(imported.error.message);
    expect(imported.value.bad).toEqual([{ line: 10, why: 'The file ends within it.' }]);
    expect(imported.value.gpus[0]!.added).toBe(7);
  });

  it('names ten bad lines and counts the rest', async () => {
    const folder = temporaryFolder();
    const file = writeCsv(folder, 'a.csv', span(0, 5));
    fs.appendFileSync(file, 'nothing\n'.repeat(25));
    const imported = await importFile(folder, file);
    if (!imported.ok) throw new Error(imported.error.message);
    expect(imported.value.badCount).toBe(25);
    expect(imported.value.bad).toHaveLength(10);
    expect(imported.value.gpus[0]!.added).toBe(5);
  });

  it('makes the same history and the same wear in parts that overlap as in one', async () => {
    const [whole, parts] = [temporaryFolder(), temporaryFolder()];
    await importFile(whole, writeCsv(whole, 'all.csv', span(0, 3000)));
    await importFile(parts, writeCsv(parts, 'a.csv', span(0, 1200)));
    await importFile(parts, writeCsv(parts, 'b.csv', span(900, 2100)));
    await importFile(parts, writeCsv(parts, 'c.csv', span(1500, 3000)));
    const [one, other] = [storeOf(whole), storeOf(parts)];
    // numbers tell the order of arrival, which is another
    const samples = (store: typeof one) =>
      [...store.samplesBetween('GPU-test-0', FROM, TO)].map(({ tsMs, dtMs, frame }) => ({ tsMs, dtMs, frame }));
    expect(samples(one)).toHaveLength(3000);
    expect(samples(other)).toEqual(samples(one));
    expect(createWearTracker(other, memoryLedgerStore()).exposureOf('GPU-test-0')).toEqual(
      createWearTracker(one, memoryLedgerStore()).exposureOf('GPU-test-0'),
    );
  });

  it('of an earlier time is counted in its own order, beside what was recorded here', async () => {
    const folder = temporaryFolder();
    const live = storeOf(folder);
    const wear = createWearTracker(live, memoryLedgerStore());
    for (let i = 0; i < 100; i++) {
      const tick = tickWith(Date.UTC(2026, 5, 20) + i * 1000, i === 0 ? undefined : 1000, [
        frameWith({ coreTempC: 70 }),
      ]);
      wear.feed(tick, live.append(tick));
    }
    wear.save();
    live.close();
    await importFile(folder, writeCsv(folder, 'early.csv', span(0, 61)));
    const exposure = createWearTracker(storeOf(folder), memoryLedgerStore()).exposureOf('GPU-test-0')!;
    expect(exposure.observedHours * 3600).toBeCloseTo(99 + 60, 6);
    expect(exposure.sinceMs).toBe(Date.UTC(2026, 5, 9, 12));
  });

  it('has the same wear whichever part came first', async () => {
    const parts = [span(0, 400), span(5000, 5400)];
    const exposures = await Promise.all(
      [parts, [...parts].reverse()].map(async (order) => {
        const folder = temporaryFolder();
        for (const [i, part] of order.entries()) await importFile(folder, writeCsv(folder, `${i}.csv`, part));
        return createWearTracker(storeOf(folder), memoryLedgerStore()).exposureOf('GPU-test-0');
      }),
    );
    expect(exposures[0]!.observedHours).toBeGreaterThan(0);
    expect(exposures[1]).toEqual(exposures[0]);
  });

  it('of a time that was recorded here adds readings and no time, though its stamps differ', async () => {
    const folder = temporaryFolder();
    const live = storeOf(folder);
    for (let i = 0; i < 100; i++) {
      live.append(
        tickWith(Date.UTC(2026, 5, 9, 12) - 300 + i * 1000, i === 0 ? undefined : 1000, [frameWith({ coreTempC: 70 })]),
      );
    }
    live.close();
    const imported = await importFile(folder, writeCsv(folder, 'same.csv', span(0, 150)));
    if (!imported.ok) throw new Error(imported.error.message);
    const dts = [...storeOf(folder).samplesBetween('GPU-test-0', FROM, TO)].map(({ dtMs }) => dtMs ?? 0);
    expect(dts.reduce((sum, dt) => sum + dt, 0)).toBe(149_300);
  });

  it('adds nothing again after its samples have grown old and only their minutes are left', async () => {
    const folder = temporaryFolder();
    const file = writeCsv(folder, 'old.csv', span(0, 120));
    await importFile(folder, file);
    const store = storeOf(folder);
    while (store.housekeep({ retentionDays: 1, historyCapMb: null }, Date.now())); // given up by its age
    store.close();
    const again = await importFile(folder, file);
    if (!again.ok) throw new Error(again.error.message);
    expect(again.value.gpus[0]).toMatchObject({ added: 0, duplicate: 120 });
  });
});
