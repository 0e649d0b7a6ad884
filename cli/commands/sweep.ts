import os from 'node:os';
import path from 'node:path';
import { Option } from 'commander';
import type { Formatter } from '../../app/metrics/format.ts';
import { openForReading } from '../../app/history/file/database.node.ts';
import { readRecorder } from '../../app/core/recorder-note.node.ts';
import { createStore } from '../../app/recorder/store.ts';
import { text } from '../../app/core/i18n.ts';
import { err, ok, type Result } from '../../app/core/result.ts';
import { dataFolder, historyFile } from '../../app/core/folders.node.ts';
import { figuresOf } from '../../app/workload/sessions/figures.ts';
import { openLimitHelpers } from '../../app/governor/limit-helpers.node.ts';
import { kneeOf, type SweepPoint } from '../../app/workload/sessions/sweep.ts';
import type { Command } from '../command.ts';
import { formatterOf } from '../format.ts';
import { EXIT, gpuOption, limitsOption, moneyIn, settingsOf } from '../options.ts';
import { endRecording, startLive, type Recording } from '../recording.ts';
import { outputOptions } from '../output-options.ts';
import { commandArgument, recordingOptions } from '../shared-options.ts';
import { notes, printError } from '../terminal.ts';
import { runAndRecord, SIGNALS, type RunOptions } from './run.ts';

export type SweepOptions = RunOptions & { readonly power: readonly number[]; readonly gpu?: string };

/** The card to sweep: the only one, or the one named by index or UUID. */
function chooseGpu(databaseFile: string, wanted: string | undefined): Result<string> {
  const db = openForReading(databaseFile);
  if (!db.ok) return db;
  const store = createStore(db.value);
  const gpus = store.gpus.list();
  store.close();
  const found =
    wanted === undefined ? gpus : gpus.filter(({ uuid, index }) => uuid === wanted || String(index) === wanted);
  if (found.length === 1) return ok(found[0]!.uuid);
  return found.length === 0
    ? err('not-found', text('cli.sweep.noGpu'), text('cli.sweep.listGpus'))
    : err('invalid-argument', text('cli.sweep.severalGpus'), text('cli.sweep.chooseGpu'));
}

/** Records for a sweep. A simulated card has no power limit that the driver could set. */
async function startOnCard(options: SweepOptions): Promise<Result<Recording>> {
  const recording = await startLive(options);
  const simulated = historyFile(dataFolder(options.dataDir), 'simulated');
  if (!recording.ok || recording.value.databaseFile !== simulated) return recording;
  await endRecording(recording.value);
  return err('invalid-argument', text('cli.sweep.simulated'), text('cli.sweep.simulatedNext'));
}

/** Runs the command once at each power limit, then restores the limit. */
async function sweepLimits(command: readonly string[], options: SweepOptions): Promise<number> {
  const folder = dataFolder(options.dataDir);
  const settings = settingsOf(folder);
  const recording = await startOnCard(options);
  if (!recording.ok) {
    printError(recording.error);
    return EXIT.failed;
  }
  const { databaseFile } = recording.value;
  let lost = false;
  const helper = openLimitHelpers(folder, () => (lost = true));
  // until the limits are restored, a signal ends the sweep, not this process
  const ended: NodeJS.Signals[] = [];
  const onSignal = (signal: NodeJS.Signals): void => void ended.push(signal);
  for (const signal of SIGNALS) process.on(signal, onSignal);
  let code: number = EXIT.ok;
  const finish = async (): Promise<void> => {
    await helper.close();
    if (!(await endRecording(recording.value))) code = EXIT.failed;
    for (const signal of SIGNALS) process.off(signal, onSignal);
  };
  const gpu = await whenKnown(() => chooseGpu(readRecorder(folder)?.databaseFile ?? databaseFile, options.gpu));
  if (!gpu.ok) {
    await finish();
    printError(gpu.error);
    return EXIT.failed;
  }

  const points: SweepPoint[] = [];
  for (const capW of options.power) {
    if (ended.length > 0) break;
    const set = await helper.setLimit(gpu.value, capW);
    if (!set.ok) {
      printError(set.error);
      code = EXIT.failed;
      break;
    }
    notes.say('', text('cli.sweep.at', { watts: capW }));
    const name = `${options.name ?? path.basename(command[0]!)} · ${capW} W`;
    code = await runAndRecord(command, { ...options, name, capW });
    if (lost) {
      notes.say(text('cli.sweep.lost'));
      code = EXIT.failed;
    }
    if (code !== 0 || ended.length > 0) break;
    points.push(pointOf(databaseFile, capW, moneyIn(folder, settings)));
  }
  if (ended[0]) code = 128 + os.constants.signals[ended[0]];
  await finish();
  print(points, formatterOf(settings));
  return code;
}

const FIRST_TICKS_MS = 5000;

/** Looks again until the first ticks have written which cards there are. */
async function whenKnown(look: () => Result<string>): Promise<Result<string>> {
  for (const endMs = Date.now() + FIRST_TICKS_MS; ; await new Promise((resolve) => setTimeout(resolve, 100))) {
    const found = look();
    if (found.ok || found.error.code !== 'not-found' || Date.now() > endMs) return found;
  }
}

function pointOf(databaseFile: string, capW: number, money: Parameters<typeof figuresOf>[1]): SweepPoint {
  const db = openForReading(databaseFile);
  if (!db.ok) return { capW, joulesEach: undefined, perHour: undefined, meanTempC: undefined };
  const store = createStore(db.value);
  const session = store.sessions.newest(20).find(({ summary }) => summary?.workload?.capW === capW);
  store.close();
  if (!session) return { capW, joulesEach: undefined, perHour: undefined, meanTempC: undefined };
  const figures = figuresOf(session, money);
  // if no outputs are counted, the whole run is one output
  const perHour = figures.outputsPerHour ?? 3_600_000 / (session.endedMs! - session.startedMs);
  return { capW, joulesEach: figures.each?.energyJ ?? figures.energyJ, perHour, meanTempC: figures.meanTempC };
}

function print(points: readonly SweepPoint[], format: Formatter): void {
  if (points.length === 0) return;
  const knee = kneeOf(points);
  const show = (value: number | undefined) => (value === undefined ? '–' : format.significant(value, 3));
  const rows = [
    [text('cli.sweep.limit'), text('cli.sweep.joules'), text('cli.sweep.perHour'), text('cli.sweep.temp'), ''],
    ...points.map((point) => [
      String(point.capW),
      show(point.joulesEach),
      show(point.perHour),
      show(point.meanTempC),
      point === knee ? text('cli.sweep.knee') : '',
    ]),
  ];
  const widths = rows[0]!.map((_, i) => Math.max(...rows.map((row) => row[i]!.length)));
  for (const row of rows)
    notes.say(
      row
        .map((cell, i) => (i < 4 ? cell.padStart(widths[i]!) : cell))
        .join('  ')
        .trimEnd(),
    );
}

/** `slowburn sweep --power FROM:TO:STEP -- COMMAND …`: finds the power limit at which more power gains little. */
export const sweep = {
  description: () => text('cli.sweep.description'),
  arguments: () => [commandArgument()],
  options: () => [
    ...recordingOptions(),
    ...outputOptions(),
    new Option('--power <from:to:step>', text('cli.sweep.power')).argParser(limitsOption).makeOptionMandatory(),
    new Option('--gpu <gpu>', text('cli.sweep.gpu')).argParser(gpuOption),
  ],
  passThrough: true,
  run: sweepLimits,
} satisfies Command;
