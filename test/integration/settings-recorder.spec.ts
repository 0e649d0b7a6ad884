import { execFileSync, spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openForReading } from '../../app/history/file/database.node.ts';
import { createStore } from '../../app/recorder/store.ts';
import { defaultSettings } from '../../app/settings/settings.ts';
import { temporaryFolder, threads } from '../support/folders.ts';
import { OLD_HOURS, RECENT_HOURS, writeLongHistory } from '../support/long-history.ts';

const program = new URL('slowburn.js', threads).pathname;
const LONG = { ...defaultSettings, retentionDays: 3650, historyCapMb: null };
const HISTORY = 'history.simulated.db';

function record(folder: string, environment: Record<string, string> = {}) {
  const args = [program, 'monitor', '--source', 'simulator', '--data-dir', folder];
  const child = spawn(process.execPath, args, { env: { ...process.env, ...environment } });
  onTestFinished(() => void child.kill('SIGKILL'));
  const said = { out: '', err: '' };
  child.stdout.on('data', (text) => (said.out += String(text)));
  child.stderr.on('data', (text) => (said.err += String(text)));
  const ended = new Promise((resolve) => child.once('exit', resolve));
  return { said, stop: (signal: NodeJS.Signals = 'SIGINT') => (child.kill(signal), ended) };
}

async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 400 && !condition(); i++) await new Promise((resolve) => setTimeout(resolve, 50));
  expect(condition()).toBe(true);
}

function read<T>(folder: string, of: (store: ReturnType<typeof createStore>) => T): T {
  const opened = openForReading(path.join(folder, HISTORY));
  if (!opened.ok) throw new Error(opened.error.message);
  const store = createStore(opened.value);
  const value = of(store);
  store.close();
  return value;
}
const hoursKept = (folder: string): number =>
  read(
    folder,
    (store) =>
      store
        .storage()
        .gpus.filter(({ gpuName }) => gpuName.startsWith('Test'))
        .reduce((sum, { samples }) => sum + samples, 0) / 18,
  );
const notedIn = (folder: string) =>
  JSON.parse(fs.readFileSync(path.join(folder, HISTORY.replace('.db', '.retention.json')), 'utf8')) as {
    retentionDays: { inForce: number; pending?: { value: number; sinceMs: number } };
  };
const newest = (folder: string): number[] =>
  read(folder, (store) => {
    const gpu = store.gpus.list().find(({ name }) => name.startsWith('Simulated'))!;
    return [...store.samplesBetween(gpu.uuid, Date.now() - 3000, 8e15)].map(({ tsMs }) => tsMs);
  });

function folderWithHistory(): string {
  const folder = temporaryFolder();
  fs.writeFileSync(path.join(folder, 'settings.json'), JSON.stringify(LONG));
  writeLongHistory(folder, 3, HISTORY);
  const state = { retentionDays: { inForce: 3650 }, historyCapMb: { inForce: null } };
  fs.writeFileSync(path.join(folder, HISTORY.replace('.db', '.retention.json')), JSON.stringify(state));
  return folder;
}

describe('a recorder that runs', () => {
  it('takes a change of its settings made by hand, and says what is wrong with a later one', async () => {
    const folder = temporaryFolder();
    const file = path.join(folder, 'settings.json');
    const { said, stop } = record(folder);
    await until(() => said.out !== '');
    fs.writeFileSync(file, JSON.stringify({ ...LONG, intervalMs: 100 }));
    await until(() => newest(folder).length > 20); // in three seconds: three at the interval of before
    fs.writeFileSync(file, '{\n"retentionDays": 3650, "historyCapMb": null,\n"governor": {"powerW": "much"}}');
    await until(() => said.err.includes('governor.powerW (line 3)'));
    expect(said.err).toContain('settings.json.unreadable-');
    await stop();
  });

  it('lets a tighter limit set by hand wait a day, though it is killed and started again', async () => {
    const folder = folderWithHistory();
    const first = record(folder);
    await until(() => first.said.out !== '');
    fs.writeFileSync(path.join(folder, 'settings.json'), JSON.stringify({ ...LONG, retentionDays: 365 }));
    await until(() => notedIn(folder).retentionDays.pending !== undefined);
    await until(() => first.said.err.includes('365 days: applies from'));
    const noted = notedIn(folder);
    await first.stop('SIGKILL');
    const second = record(folder);
    await until(() => second.said.err.includes('365 days: applies from'));
    await new Promise((resolve) => setTimeout(resolve, 7000)); // a round of housekeeping and more
    await second.stop();
    expect(notedIn(folder)).toEqual(noted);
    expect(hoursKept(folder)).toBe(OLD_HOURS + RECENT_HOURS);
  });

  it('pauses on a disk that is almost full, resumes when it is not, and deletes nothing to make room', async () => {
    const folder = folderWithHistory();
    fs.writeFileSync(path.join(folder, 'settings.json'), JSON.stringify({ ...LONG, retentionDays: 365 }));
    const library = path.join(folder, 'disk.so');
    execFileSync('gcc', [
      '-shared',
      '-fPIC',
      '-O1',
      '-Wall',
      '-Wextra',
      '-Werror',
      '-o',
      library,
      path.resolve(import.meta.dirname, '../mock-disk/disk.c'),
      '-ldl',
    ]);
    const free = path.join(folder, 'free');
    fs.writeFileSync(free, '30000000');
    const { said, stop } = record(folder, { LD_PRELOAD: library, MOCK_DISK_FREE: free });
    await until(() => said.out.includes('is almost full'));
    expect(said.out).toContain('Recording is paused.');
    const [stopped] = [newest(folder).length];
    await new Promise((resolve) => setTimeout(resolve, 3500));
    expect(newest(folder)).toHaveLength(0);
    expect(stopped).toBeLessThan(4);
    fs.writeFileSync(free, '60000000');
    await until(() => newest(folder).length > 1);
    await stop();
    expect(hoursKept(folder)).toBe(OLD_HOURS + RECENT_HOURS);
    expect(read(folder, (store) => store.gaps(0, 8e15)).some(({ reason }) => reason === 'not-writable')).toBe(true);
  });

  it('says at its start that deletion is suspended, why, and what to do', async () => {
    const folder = folderWithHistory();
    fs.rmSync(path.join(folder, 'settings.json'));
    const { said, stop } = record(folder);
    await until(() => said.err.includes('Set the limits in the window'));
    expect(said.err).toContain('The file is missing, although this folder has a history.');
    expect(said.err).toContain(
      'No recorded samples are deleted: settings.json gives no valid retentionDays and historyCapMb.',
    );
    await new Promise((resolve) => setTimeout(resolve, 7000));
    await stop();
    expect(hoursKept(folder)).toBe(OLD_HOURS + RECENT_HOURS);
  });
});

describe('slowburn doctor', () => {
  const doctor = (folder: string, ...args: string[]) =>
    spawnSync(process.execPath, [program, 'doctor', '--data-dir', folder, ...args], { encoding: 'utf8' }).stdout;

  it('names the field and the line of what cannot be read, in text and as JSON', () => {
    const folder = temporaryFolder();
    fs.writeFileSync(path.join(folder, 'settings.json'), '{\n"historyCapMb": null,\n"retentionDays": "x"\n}');
    expect(doctor(folder)).toContain('retentionDays (line 3)');
    const checks = JSON.parse(doctor(folder, '--json')) as { name: string; findings: object[] }[];
    expect(checks.find(({ name }) => name === 'settings')!.findings).toMatchObject([
      { level: 'problem', field: 'retentionDays', line: 3 },
      { level: 'problem', text: expect.stringContaining('No recorded samples are deleted'), next: expect.any(String) },
    ]);
  });

  it('names the settings keys of an earlier version, which still work', () => {
    const folder = temporaryFolder();
    fs.writeFileSync(path.join(folder, 'settings.json'), JSON.stringify({ ...LONG, governor: { mayCap: true } }));
    expect(doctor(folder)).toContain('governor.mayCap (line 1) is now called governor.maySetLimit.');
  });
});
