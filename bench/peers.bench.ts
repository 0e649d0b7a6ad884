// Slowburn's recorder beside other programs that read the same driver, all at once: 8 GPUs, once per second.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { once } from 'node:events';
import type { ChildProcess } from 'node:child_process';
import Database from 'better-sqlite3';
import { historyFile, settingsFile } from '../app/core/folders.node.ts';
import { textOf } from '../app/settings/edit-settings.ts';
import { defaultSettings } from '../app/settings/settings.ts';
import { emptyNode, otherPrograms, slowburn, start, type Peer, type Program } from './peers/programs.ts';
import { cpuMsOf, privateMiBOf, processesBelow, threadsMsOf } from './processes.ts';
import { median, rounded, size } from './stats.ts';

type Context = { readonly say: (text: string) => void };
type Running = { readonly name: string; readonly child: ChildProcess; readonly screen: boolean };
type Figures = Record<string, number | string>;

const GPUS = 8;
/** A recorder runs for months: at first it ticks faster, so that V8 has compiled what ten minutes would have it compile. */
const WARM_MS = size(60_000, 1_000);
const WARM_INTERVAL_MS = 100;
const SETTLE_MS = size(15_000, 1_000);
const WINDOW_MS = size(40_000, 500);
const WINDOWS = size(3, 1);
const STARTS = size(5, 1);
const FIRST_SAMPLE_DEADLINE_MS = 30_000;
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** The processes of a program; `script`, which gives it its terminal, is not one of them. */
const processesOf = ({ child, screen }: Running): readonly number[] =>
  processesBelow(child.pid!)
    .map(({ pid }) => pid)
    .slice(screen ? 1 : 0);

const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);

async function end({ child }: Running): Promise<void> {
  const gone = child.exitCode === null && child.signalCode === null ? once(child, 'exit') : undefined;
  child.kill('SIGINT');
  const slow = setTimeout(() => child.kill('SIGKILL'), 5_000);
  await gone;
  clearTimeout(slow);
}

/** Whether a recorder has stored a sample. */
function hasSample(file: string): boolean {
  if (!fs.existsSync(file)) return false;
  try {
    const db = new Database(file, { readonly: true, timeout: 0 });
    try {
      return db.prepare('SELECT 1 FROM tick LIMIT 1').get() !== undefined;
    } finally {
      db.close();
    }
  } catch {
    return false; // it is being made
  }
}

/** CPU of a recorder until it has stored its first sample, in an empty folder; ms. */
async function firstSampleMs(scratch: string, command: string, ...options: readonly string[]): Promise<number> {
  const data = fs.mkdtempSync(path.join(scratch, 'start-'));
  const child = start(slowburn(data, command, ...options), GPUS);
  const untilMs = performance.now() + FIRST_SAMPLE_DEADLINE_MS;
  while (!hasSample(historyFile(data, 'measured'))) {
    if (performance.now() > untilMs || child.exitCode !== null) throw new Error(`${command} stored no sample.`);
    await sleep(5);
  }
  const used = cpuMsOf(child.pid!);
  await end({ name: command, child, screen: false });
  return used;
}

async function starts(scratch: string): Promise<Figures> {
  const [record, quiet]: [number[], number[]] = [[], []];
  for (let i = 0; i < STARTS; i++) {
    record.push(await firstSampleMs(scratch, 'record'));
    quiet.push(await firstSampleMs(scratch, 'monitor', '--quiet'));
  }
  return { record: Math.round(median(record)), monitorQuiet: Math.round(median(quiet)) };
}

/** CPU of each program over the same windows, ms per second: the median of its windows, and how far they spread. */
async function cpuOf(running: readonly Running[]): Promise<{ readonly median: Figures; readonly spread: Figures }> {
  const windows = running.map((): number[] => []);
  for (let i = 0; i < WINDOWS; i++) {
    const before = running.map((one) => sum(processesOf(one).map(threadsMsOf)));
    const startedMs = performance.now();
    await sleep(WINDOW_MS);
    running.forEach((one, at) => {
      const used = sum(processesOf(one).map(threadsMsOf)) - before[at]!;
      windows[at]!.push((1000 * used) / (performance.now() - startedMs));
    });
  }
  const figures = (of: (values: readonly number[]) => number): Figures =>
    Object.fromEntries(running.map(({ name }, at) => [name, rounded(of(windows[at]!))]));
  return { median: figures(median), spread: figures((values) => Math.max(...values) - Math.min(...values)) };
}

const ratio = (a: number | string | undefined, b: number | string | undefined): number | string =>
  typeof a === 'number' && typeof b === 'number' ? rounded(a / b) : 'not available';

export async function run({ say }: Context) {
  const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'slowburn-bench-peers-'));
  say('Other programs, from the distribution’s archive');
  const others = otherPrograms(scratch);
  for (const [name, peer] of Object.entries(others))
    if ('notAvailable' in peer) say(`${name}: not available: ${peer.notAvailable}`);
  say('CPU until the first stored sample');
  const cpuMsToFirstSample = await starts(scratch);

  const folders: string[] = [];
  const tick = (intervalMs: number): void => {
    for (const folder of folders)
      fs.writeFileSync(settingsFile(folder), textOf({ ...defaultSettings, intervalMs }, []));
  };
  const own = (name: string, command: string, ...options: readonly string[]): Program => {
    const folder = fs.mkdtempSync(path.join(scratch, `${name}-`));
    folders.push(folder);
    return slowburn(folder, command, ...options);
  };
  const all: Record<string, Peer> = {
    record: own('record', 'record'),
    monitorQuiet: own('quiet', 'monitor', '--quiet'),
    monitorTable: { ...own('table', 'monitor'), screen: true },
    emptyNode,
    ...others,
  };
  tick(WARM_INTERVAL_MS);
  say(`All at once: ${(WARM_MS + SETTLE_MS) / 1000} s to warm up, then ${WINDOWS} × ${WINDOW_MS / 1000} s`);
  const running: Running[] = [];
  const missing: Figures = {};
  for (const [name, peer] of Object.entries(all)) {
    if ('notAvailable' in peer) missing[name] = 'not available';
    else running.push({ name, child: start(peer, GPUS), screen: peer.screen === true });
  }
  await sleep(WARM_MS);
  tick(1000);
  await sleep(SETTLE_MS);
  const alive = running.filter((one) => processesOf(one).length > 0);
  for (const one of running) if (!alive.includes(one)) missing[one.name] = 'not available';
  const cpu = await cpuOf(alive);
  const uss = Object.fromEntries(
    alive.map((one) => [one.name, rounded(sum(processesOf(one).map(privateMiBOf)))]),
  ) as Figures;
  for (const one of running) await end(one);
  fs.rmSync(scratch, { recursive: true, force: true, maxRetries: 3 });

  const { record, monitorQuiet, monitorTable, nvitopApi } = cpu.median;
  return {
    gpus: GPUS,
    cpuMsPerSecond: { ...cpu.median, ...missing },
    cpuSpread: cpu.spread,
    toNvitopApi: {
      record: ratio(record, nvitopApi),
      monitorQuiet: ratio(monitorQuiet, nvitopApi),
      monitorTable: ratio(monitorTable, nvitopApi),
    },
    ussMiB: { ...uss, ...missing },
    ussToEmptyNode: {
      record: ratio(uss['record'], uss['emptyNode']),
      monitorQuiet: ratio(uss['monitorQuiet'], uss['emptyNode']),
    },
    cpuMsToFirstSample,
  };
}
