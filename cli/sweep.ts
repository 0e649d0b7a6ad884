import os from 'node:os';
import path from 'node:path';
import { createFormatter } from '../app/metrics/format.ts';
import { openForReading } from '../app/history/file/database.node.ts';
import { readRecorder } from '../app/core/recorder-note.node.ts';
import { createStore } from '../app/recorder/store.ts';
import { createI18n } from '../app/core/i18n.ts';
import { err, ok, type Result } from '../app/core/result.ts';
import { dataFolder } from '../app/core/folders.node.ts';
import { figuresOf } from '../app/workload/sessions/figures.ts';
import { openLimitHelpers } from '../app/governor/limit-helpers.node.ts';
import { kneeOf, type SweepPoint } from '../app/workload/sessions/sweep.ts';
import { notes, printError } from './terminal.ts';
import { EXIT, settingsOf } from './options.ts';
import { endRecording, startRecording } from './recording.ts';
import { run, SIGNALS, type RunOptions } from './run.ts';

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
    ? err('not-found', 'There is no such GPU in the history.', 'slowburn monitor shows which there are.')
    : err('invalid-argument', 'There are several GPUs: say which.', 'Add --gpu with its index or UUID.');
}

/** `slowburn sweep --power FROM:TO:STEP -- COMMAND`: runs the command once at each power limit, and restores the limit. */
export async function sweep(command: readonly string[], options: SweepOptions): Promise<number> {
  const locale = Intl.DateTimeFormat().resolvedOptions().locale;
  const { t } = createI18n(locale);
  const folder = dataFolder(options.dataDir);
  const settings = settingsOf(folder);
  const format = createFormatter(locale, settings);
  const recording = await startRecording(options);
  if (!recording.ok) {
    printError(recording.error);
    return EXIT.failed;
  }
  const { databaseFile } = recording.value;
  let lost = false;
  const helper = openLimitHelpers(folder, () => (lost = true));
  // until the limits are as they were, a signal ends the sweep, not this process
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
    notes.say('', t('sweep.at', { cap: `${capW} W` }));
    const name = `${options.name ?? path.basename(command[0]!)} · ${capW} W`;
    code = await run(command, { ...options, name, capW });
    if (lost) {
      notes.say(t('sweep.lost'));
      code = EXIT.failed;
    }
    if (code !== 0 || ended.length > 0) break;
    points.push(pointOf(databaseFile, capW, settings));
  }
  if (ended[0]) code = 128 + os.constants.signals[ended[0]];
  await finish();
  print(points, t, format);
  return code;
}

const FIRST_TICKS_MS = 5000;

/** The first ticks name the cards. */
async function whenKnown(look: () => Result<string>): Promise<Result<string>> {
  for (const endMs = Date.now() + FIRST_TICKS_MS; ; await new Promise((resolve) => setTimeout(resolve, 100))) {
    const found = look();
    if (found.ok || found.error.code !== 'not-found' || Date.now() > endMs) return found;
  }
}

function pointOf(databaseFile: string, capW: number, settings: Parameters<typeof figuresOf>[1]): SweepPoint {
  const db = openForReading(databaseFile);
  if (!db.ok) return { capW, joulesEach: undefined, perHour: undefined, meanTempC: undefined };
  const store = createStore(db.value);
  const session = store.sessions.newest(20).find(({ summary }) => summary?.workload?.capW === capW);
  store.close();
  if (!session) return { capW, joulesEach: undefined, perHour: undefined, meanTempC: undefined };
  const figures = figuresOf(session, settings);
  // without outputs that are counted, a run is one output
  const perHour = figures.outputsPerHour ?? 3_600_000 / (session.endedMs! - session.startedMs);
  return { capW, joulesEach: figures.each?.energyJ ?? figures.energyJ, perHour, meanTempC: figures.meanTempC };
}

function print(
  points: readonly SweepPoint[],
  t: ReturnType<typeof createI18n>['t'],
  format: ReturnType<typeof createFormatter>,
): void {
  if (points.length === 0) return;
  const knee = kneeOf(points);
  const show = (value: number | undefined) => (value === undefined ? '–' : format.significant(value, 3));
  const rows = [
    [t('sweep.cap'), t('sweep.joules'), t('sweep.perHour'), t('sweep.temp'), ''],
    ...points.map((point) => [
      String(point.capW),
      show(point.joulesEach),
      show(point.perHour),
      show(point.meanTempC),
      point === knee ? t('sweep.knee') : '',
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
