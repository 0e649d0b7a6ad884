import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { isRunning, processStart } from '../../app/core/process-start.node.ts';
import { readRecorder, diedRecorder, writeRecorder } from '../../app/core/recorder-note.node.ts';
import { openMeterNote, readMeterNotes } from '../../app/workload/meter/note.node.ts';
import { endOrphans } from '../../app/workload/sessions/orphans.node.ts';
import { temporaryFolder } from '../support/folders.ts';
import { frameWith, testGpu, tickWith } from '../support/frames.ts';
import { sleeper, until } from '../support/processes.ts';
import { openStore } from '../support/store.ts';

const START = Date.UTC(2026, 2, 1, 9);
const HOUR = 3_600_000;

/** A minute at 100 W from a moment on. */
function record(store: ReturnType<typeof openStore>['store'], startMs: number): void {
  for (let i = 0; i <= 60; i++)
    store.append(tickWith(startMs + i * 1000, i === 0 ? undefined : 1000, [frameWith({ powerW: 100, coreTempC: 60 })]));
}

/** PID of a process that has ended. */
async function ended(): Promise<number> {
  const child = spawn('true');
  await new Promise((resolve) => child.on('exit', resolve));
  return child.pid!;
}

describe('a session of a killed recorder', () => {
  it('ends at the last tick of that recorder, not at the first of the next one', async () => {
    const { store } = openStore();
    record(store, START);
    const id = store.sessions.begin('render', 'render', START + 1000, await ended(), 'boot:1');
    store.tidy(START + 2 * HOUR);
    endOrphans(store, store.lastTickMs()!);
    record(store, START + 5 * HOUR); // the next recorder
    expect(store.sessions.byId(id)).toMatchObject({ endedMs: START + 60_000, exitCode: null });
    const [gpu] = store.sessions.byId(id)!.summary!.gpus;
    expect(gpu!.observedMs).toBeGreaterThanOrEqual(58_000);
    expect(gpu!.observedMs).toBeLessThanOrEqual(59_000);
    expect(gpu!.energyJ).toBeLessThanOrEqual(5900);
  });

  it('ends there also when hours are sealed, and when samples were imported after it', async () => {
    const { store } = openStore();
    record(store, START);
    while (store.tidy(START + 3 * HOUR));
    store.importSamples(testGpu(), [{ tsMs: START + HOUR, frame: frameWith({ powerW: 7 }) }]);
    expect(store.lastTickMs()).toBe(START + 60_000);
  });

  it('has no length where nothing was recorded since it began', async () => {
    const { store } = openStore();
    const id = store.sessions.begin('render', 'render', START, await ended());
    endOrphans(store, store.lastTickMs() ?? -Infinity);
    expect(store.sessions.byId(id)).toMatchObject({ startedMs: START, endedMs: START });
    record(store, START - HOUR);
    const later = store.sessions.begin('render', 'render', START, await ended());
    endOrphans(store, store.lastTickMs()!);
    expect(store.sessions.byId(later)!.endedMs).toBe(START);
  });

  it('is not kept open by another program that got its PID', () => {
    const { store } = openStore();
    record(store, START);
    const { pid } = sleeper();
    const own = processStart(pid)!;
    const [boot, ticks] = own.split(':');
    const ids = [own, '', `${boot}:${Number(ticks) - 1}`, `another-boot:${ticks}`].map((startedAt) =>
      store.sessions.begin('render', 'render', START, pid, startedAt),
    );
    endOrphans(store, START + 60_000);
    const open = new Set(store.sessions.open().map(({ id }) => id));
    // without a start time (an earlier version wrote it) the PID alone decides
    expect(ids.map((id) => open.has(id))).toEqual([true, true, false, false]);
  });
});

describe('a command whose recorder was killed before it ended', () => {
  const marks = Array.from({ length: 12 }, (_, i) => ({ tsMs: START + (i + 1) * 10_000, count: 1 }));
  it.each([
    ['with marks: those of recorded time count', marks, 6],
    ['without marks: it is not known which count', undefined, undefined],
  ])('has outputs %s', (_name, known, outputsRecorded) => {
    const { store } = openStore();
    record(store, START); // of two minutes, the first
    const session = { id: store.sessions.begin('x', 'x', START, process.pid), startedMs: START };
    const details = { exactEnds: true, ...(known && { marks: known }) };
    const { summaries } = store.finishSession(session, START + 120_000, 0, new Set(), details);
    expect(summaries[0]!.unrecordedMs).toBe(60_000);
    expect(summaries[0]!.outputsRecorded).toBe(outputsRecorded);
  });
});

describe('a process', () => {
  it('is not running once only its exit code is left', async () => {
    // the child ends after its parent has become a program that never waits for it, so it stays a zombie
    const shell = spawn('sh', ['-c', 'sleep 0.5 & echo $!; exec sleep 30'], { stdio: ['ignore', 'pipe', 'ignore'] });
    const gone = new Promise((resolve) => shell.on('close', resolve));
    onTestFinished(async () => {
      shell.kill('SIGKILL');
      await gone;
    });
    const pid = await new Promise<number>((resolve) =>
      shell.stdout.once('data', (text: Buffer) => resolve(Number(text))),
    );
    const isZombie = () => fs.readFileSync(`/proc/${pid}/stat`, 'latin1').includes(') Z ');
    expect(await until(isZombie)).toBe(true);
    expect(isRunning({ pid, startedAt: 'boot:1' })).toBe(false);
    expect(processStart(pid)).toBeUndefined();
  });

  it('of another user is distinguished by its start too', () => {
    expect(isRunning({ pid: 1, startedAt: processStart(1)! })).toBe(true);
    expect(isRunning({ pid: 1, startedAt: `${processStart(1)!}0` })).toBe(false);
  });
});

describe('the note of a killed process', () => {
  it('is not believed once another program has its PID: the recorder’s and the meter’s', () => {
    const folder = temporaryFolder();
    const { pid } = sleeper();
    writeRecorder(folder, { pid, databaseFile: 'x' });
    expect([readRecorder(folder)?.pid, diedRecorder(folder)]).toEqual([pid, undefined]);
    const note = path.join(folder, 'recorder.json');
    fs.writeFileSync(note, fs.readFileSync(note, 'utf8').replace(/"startedAt":"[^"]*"/, '"startedAt":"boot:1"'));
    expect([readRecorder(folder), diedRecorder(folder)]).toEqual([undefined, pid]);

    const totals = { requests: 1, running: 0, tokens: 5, promptTokens: 1, images: 0, inexact: 0, busyMs: 1 };
    openMeterNote(folder, 8080).write(totals);
    expect(readMeterNotes(folder)).toMatchObject([{ pid: process.pid, tokens: 5 }]);
    const file = path.join(folder, 'meters', `${process.pid}.json`);
    fs.writeFileSync(file, fs.readFileSync(file, 'utf8').replace(/"startedAt":"[^"]*"/, '"startedAt":"boot:1"'));
    expect(readMeterNotes(folder)).toEqual([]);
  });
});
