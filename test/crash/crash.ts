// Kills the recorder at any moment, again and again, and looks at what is left. `npm run test:crash -- --runs N`.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { openDatabase, openForReading } from '../../app/history/file/database.node.ts';
import { createStore } from '../../app/recorder/store.ts';
import { checkHistory } from '../../app/jobs/check.ts';
import { frameWith, tickWith } from '../support/frames.ts';
import { killPhase, phaseNames, preparePhases, toldOf, type PhaseName } from './phases.ts';

const HOUR = 3_600_000;
const GPUS = 8;
const checkout = path.resolve(import.meta.dirname, '../..');

/** Rows of an hour long past that no run has sealed yet: each start finds something to seal, merge and remove. */
function leaveAnOpenHour(file: string, hourMs: number): number[] {
  const opened = openDatabase(file);
  if (!opened.ok) throw new Error(opened.error.message);
  const store = createStore(opened.value.db);
  const stamps = Array.from({ length: 100 }, (_, i) => hourMs + i * 33_000);
  for (const tsMs of stamps) {
    const frames = Array.from({ length: GPUS }, (_, gpu) => frameWith({ coreTempC: 40 + ((tsMs / 1000 + gpu) % 40), powerW: 200 }));
    store.append(tickWith(tsMs, 1000, frames));
  }
  store.close();
  return stamps;
} // prettier-ignore

/** Of eight recorders two are killed while they start, one when it has sealed an hour, the others in between. */
const START_MS = 600;
const SEALED_MS = 2000; // after the first tick

function hoursSealed(folder: string): number {
  const opened = openForReading(path.join(folder, 'history.db'));
  if (!opened.ok) throw new Error(opened.error.message);
  const hours = opened.value.prepare('SELECT count(DISTINCT hour_ms) FROM chunk').pluck().get() as number;
  opened.value.close();
  return hours;
}

/** Records with the stand-in driver at 10 Hz, and is killed at a random moment of its start or of its work. */
async function recordAndKill(folder: string, recording: string, library: string, run: number, random: () => number): Promise<void> {
  const args = ['monitor', '--source', `nvml:${library}`, '--interval', '0.1', '--data-dir', folder, '--record', recording];
  const child = spawn(process.execPath, [path.join(checkout, 'out/node/slowburn.js'), ...args], {
    stdio: 'ignore',
    env: { ...process.env, MOCK_NVML_COUNT: String(GPUS) },
  });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
  if (run % 4 === 0) await wait(random() * START_MS);
  else {
    while (child.exitCode === null && toldOf(recording).length === 0) await wait(10);
    if (run % 8 !== 7) await wait(random() * SEALED_MS);
    else for (const before = hoursSealed(folder); child.exitCode === null && hoursSealed(folder) === before;) await wait(20);
  }
  child.kill('SIGKILL');
  await ended;
} // prettier-ignore

export type CrashReport = {
  readonly runs: number;
  readonly ticksTold: number;
  readonly hoursSealed: number;
};

export type PhaseReport = { readonly kills: Readonly<Record<PhaseName, number>>; readonly ended: number };

/**
 * Kills migrations, restores, compactions, imports and recorders that delete what is too old, in turn. After each,
 * `db check` finds nothing, and the history holds what it held before or what it should hold afterwards.
 * @param random 0–1
 */
export async function crashPhases(folder: string, runs: number, random: () => number): Promise<PhaseReport> {
  const templates = path.join(folder, 'templates');
  fs.mkdirSync(templates, { recursive: true });
  const phases = preparePhases(templates, Date.now());
  const kills = Object.fromEntries(phaseNames.map((name) => [name, 0])) as Record<PhaseName, number>;
  let ended = 0;
  for (let run = 0; run < runs; run++) {
    const name = phaseNames[run % phaseNames.length]!;
    const choices = phases[name];
    const phase = choices[Math.floor(run / phaseNames.length) % choices.length]!;
    if (await killPhase(name, phase, () => fs.mkdtempSync(path.join(folder, `${name}-`)), random)) kills[name]++;
    else ended++; // before its time had come
  }
  return { kills, ended };
}

/**
 * Kills a recorder of eight cards at 10 Hz so many times, at random moments of its start, its sealing and its sampling.
 * After each: the file is sound, everything it told of is there, and nothing is there twice. Throws when that is not so.
 * @param random 0–1
 */
export async function crashRuns(
  folder: string,
  library: string,
  runs: number,
  random: () => number,
): Promise<CrashReport> {
  const file = path.join(folder, 'history.db');
  const expected = new Set<number>();
  const everyGpu = new Set<number>();
  let ticksTold = 0;
  for (let run = 0; run < runs; run++) {
    const hourMs = Date.UTC(2026, 0, 1) + run * HOUR;
    for (const stamp of leaveAnOpenHour(file, hourMs)) everyGpu.add(stamp);
    const recording = path.join(folder, `told-${run}.jsonl`);
    await recordAndKill(folder, recording, library, run, random);
    for (const stamp of toldOf(recording)) {
      expected.add(stamp);
      ticksTold++;
    }
    fs.rmSync(recording, { force: true });

    const opened = openForReading(file);
    if (!opened.ok) throw new Error(`Run ${run}: ${opened.error.message}`);
    const report = checkHistory(opened.value, { progress: () => undefined, cancelled: () => false })!;
    if (report.problems.length > 0) throw new Error(`Run ${run}: ${report.problems.join('; ')}`);
    const store = createStore(opened.value);
    for (const { uuid } of store.gpus.list()) {
      const wanted = uuid.startsWith('GPU-test') ? everyGpu : expected;
      const seen = new Set<number>();
      for (const part of store.replay(uuid, -8e15, 8e15, ['coreTempC'])) {
        for (const stamp of part.tsMs) {
          if (seen.has(stamp)) throw new Error(`Run ${run}: the sample of ${stamp} is there twice.`);
          seen.add(stamp);
        }
      }
      for (const stamp of wanted) {
        if (!seen.has(stamp)) throw new Error(`Run ${run}: the sample of ${stamp} was reported and is missing.`);
      }
    }
    store.close();
  }
  return { runs, ticksTold, hoursSealed: hoursSealed(folder) };
}
