// Commands and starts that change a history as a whole: each is killed at a random moment, and what is left is compared
// with what may be left.
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { openDatabase, openForReading } from '../../app/history/file/database.node.ts';
import { createStore } from '../../app/recorder/store.ts';
import { frameWith, tickWith } from '../support/frames.ts';

const HOUR = 3_600_000;
const PER_HOUR = 120;
const checkout = path.resolve(import.meta.dirname, '../..');
const program = path.join(checkout, 'out/node/slowburn.js');

export const phaseNames = ['migration', 'restore', 'compact', 'import', 'retention'] as const;
export type PhaseName = (typeof phaseNames)[number];

type Stamps = ReadonlyMap<string, readonly number[]>;
type Phase = {
  /** what a folder holds before the command */
  readonly files: Readonly<Record<string, string>>;
  readonly args: (folder: string) => readonly string[];
  /** the history's name in the folder */
  readonly history: string;
  /** how long it may run before it is killed, ms; left out: as long as it takes */
  readonly lastsMs?: number;
  /** says what is wrong with what is left, or nothing */
  readonly judge: (left: Stamps, told: readonly number[]) => string | undefined;
};

/** A history of so many hours that are finished, one sample in thirty seconds, on two cards. */
function writeHistory(file: string, fromMs: number, hours: number): void {
  const opened = openDatabase(file);
  if (!opened.ok) throw new Error(opened.error.message);
  const store = createStore(opened.value.db);
  for (let i = 0; i < hours * PER_HOUR; i++) {
    const frames = [0, 1].map((gpu) => frameWith({ coreTempC: 40 + ((i * 7 + gpu) % 40), powerW: 100 + ((i * 7919) % 250) })); // prettier-ignore
    store.append(tickWith(fromMs + i * (HOUR / PER_HOUR), i === 0 ? undefined : HOUR / PER_HOUR, frames));
  }
  store.close();
}

/** Stamps of every card of a history, in order; throws where one is there twice. */
export function stampsIn(file: string): Stamps {
  const opened = openForReading(file);
  if (!opened.ok) throw new Error(opened.error.message);
  const store = createStore(opened.value);
  const found = store.gpus.list().map(({ uuid }) => {
    const stamps = [...store.replay(uuid, -8e15, 8e15, ['coreTempC'])].flatMap(({ tsMs }) => [...tsMs]);
    return [uuid, stamps.sort((a, b) => a - b)] as const;
  });
  store.close();
  return new Map(found);
}

const text = (stamps: Stamps): string => JSON.stringify([...stamps]);
const all = (stamps: Stamps): number[] => [...stamps.values()].flat();

/** Hours of which some samples are there and others are not. */
function tornHours(stamps: readonly number[], perHour: number): number[] {
  const counts = new Map<number, number>();
  for (const stamp of stamps) counts.set(Math.floor(stamp / HOUR), (counts.get(Math.floor(stamp / HOUR)) ?? 0) + 1);
  return [...counts].filter(([, count]) => count !== perHour).map(([hour]) => hour * HOUR);
}

const run = (...args: readonly string[]): void => {
  const { status, stderr } = spawnSync(process.execPath, [program, ...args], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`slowburn ${args.join(' ')}: ${stderr}`);
};

/** Makes what the phases begin with, once. */
export function preparePhases(folder: string, nowMs: number): Readonly<Record<PhaseName, readonly Phase[]>> {
  const at = (name: string) => path.join(folder, name);
  const spring = Date.UTC(2026, 2, 1);
  writeHistory(at('old.db'), spring, 12);
  writeHistory(at('new.db'), spring + 48 * HOUR, 8);
  writeHistory(at('aged.db'), Math.floor(nowMs / HOUR) * HOUR - 100 * 24 * HOUR, 24);
  fs.writeFileSync(at('settings.json'), JSON.stringify({ retentionDays: 1 }));
  run('export', at('new.csv'), '--file', at('new.db'));
  const [before, added] = [stampsIn(at('old.db')), stampsIn(at('new.db'))];
  const either =
    (...choices: readonly Stamps[]) =>
    (left: Stamps) =>
      choices.some((choice) => text(choice) === text(left))
        ? undefined
        : 'it holds neither what it did nor what it should';

  const migration = ['v1', 'v2', 'v3'].map((version): Phase => {
    const fixture = path.join(checkout, `test/fixtures/history/${version}.db`);
    fs.copyFileSync(fixture, at(`${version}.db`));
    const opened = openDatabase(at(`${version}.db`));
    if (!opened.ok) throw new Error(opened.error.message);
    opened.value.db.close();
    return {
      files: { 'history.db': fixture },
      history: 'history.db',
      args: (data) => ['db', 'compact', '--data-dir', data],
      judge: either(stampsIn(at(`${version}.db`))),
    };
  });
  return {
    migration,
    restore: [
      {
        files: { 'history.db': at('old.db'), 'backup.db': at('new.db') },
        history: 'history.db',
        args: (data) => ['db', 'restore', path.join(data, 'backup.db'), '--data-dir', data],
        judge: either(before, added),
      },
    ],
    compact: [
      {
        files: { 'history.db': at('old.db') },
        history: 'history.db',
        args: (data) => ['db', 'compact', '--data-dir', data],
        judge: either(before),
      },
    ],
    import: [
      {
        files: { 'history.db': at('old.db'), 'new.csv': at('new.csv') },
        history: 'history.db',
        args: (data) => ['db', 'import', path.join(data, 'new.csv'), '--data-dir', data],
        judge: (left) => {
          for (const [uuid, stamps] of before) {
            const here = left.get(uuid) ?? [];
            const fresh = here.filter((stamp) => stamp >= spring + 48 * HOUR);
            if (JSON.stringify(here.slice(0, stamps.length)) !== JSON.stringify(stamps)) return 'samples are missing';
            if (tornHours(fresh, PER_HOUR).length > 0) return 'an hour was imported in part';
          }
          return undefined;
        },
      },
    ],
    retention: [
      {
        files: { 'history.simulated.db': at('aged.db'), 'settings.json': at('settings.json') },
        history: 'history.simulated.db',
        args: (data) => ['monitor', '--source', 'simulator', '--interval', '0.1', '--data-dir', data, '--record', path.join(data, 'told.jsonl')], // prettier-ignore
        lastsMs: 4_000,
        judge: (left, told) => {
          const aged = all(left).filter((stamp) => stamp < nowMs - 50 * 24 * HOUR);
          if (tornHours(aged, 2 * PER_HOUR).length > 0) return 'an hour was deleted in part';
          const kept = new Set(all(left));
          const missing = told.find((stamp) => !kept.has(stamp));
          return missing === undefined ? undefined : `the sample of ${missing} was reported and is missing`;
        },
      },
    ],
  };
}

/** Stamps of the ticks that a recorder told of: complete lines of the recording it writes after each commit. */
export function toldOf(recording: string): number[] {
  if (!fs.existsSync(recording)) return [];
  const lines = fs.readFileSync(recording, 'utf8').split('\n').slice(1, -1);
  return lines.map((line) => Math.round((JSON.parse(line) as { t: number }).t));
}

/** How long each command takes when it is left alone: a kill falls somewhere into that. */
const lasts = new Map<string, number>();

async function runFor(args: readonly string[], ms: number): Promise<boolean> {
  const child = spawn(process.execPath, [program, ...args], { stdio: 'ignore' });
  const ended = new Promise<boolean>((resolve) => child.once('exit', (code) => resolve(code !== null)));
  const timer = setTimeout(() => child.kill('SIGKILL'), ms);
  const whole = await ended;
  clearTimeout(timer);
  return whole;
}

/**
 * Kills one command at a random moment and looks at what is left. Throws when a check finds anything, or the history is not
 * what it may be. Answers whether the command was killed before its end.
 */
export async function killPhase(
  name: PhaseName,
  { files, args, history, lastsMs, judge }: Phase,
  makeFolder: () => string,
  random: () => number,
): Promise<boolean> {
  function prepared(): string {
    const folder = makeFolder();
    for (const [to, from] of Object.entries(files)) fs.copyFileSync(from, path.join(folder, to));
    return folder;
  }
  const key = `${name} ${Object.values(files)[0]!}`;
  if (!lasts.has(key)) {
    const startedMs = performance.now();
    if (lastsMs === undefined) await runFor(args(prepared()), 60_000);
    lasts.set(key, lastsMs ?? performance.now() - startedMs);
  }
  const folder = prepared();
  const whole = await runFor(args(folder), lasts.get(key)! * random());
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, 'db', 'check', '--data-dir', folder], { encoding: 'utf8' }); // prettier-ignore
  const outdated = name === 'migration' && stderr.includes('older version');
  if (status !== 0 && !outdated) throw new Error(`${name}: db check says ${stdout}${stderr}`);
  const opened = openDatabase(path.join(folder, history)); // as a start does: a migration is done again
  if (!opened.ok || opened.value.setAside) throw new Error(`${name}: the history cannot be opened.`);
  opened.value.db.close();
  const wrong = judge(stampsIn(path.join(folder, history)), toldOf(path.join(folder, 'told.jsonl')));
  if (wrong) throw new Error(`${name}: ${wrong} (${folder})`);
  fs.rmSync(folder, { recursive: true });
  return !whole;
}
