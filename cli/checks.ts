import { execFile } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { systemClock } from '../app/core/clock.node.ts';
import type { Formatter } from '../app/metrics/format.ts';
import { openForReading } from '../app/history/file/database.node.ts';
import { createHistory } from '../app/history/history.ts';
import { incidentLines, incidentsIn, incidentTitle } from '../app/history/incident-text.ts';
import { limitsOf } from '../app/history/retention/limits.ts';
import { readPlan } from '../app/history/retention/retention-plan.node.ts';
import { text } from '../app/core/i18n.ts';
import { loadSettings } from '../app/settings/file.node.ts';
import { formerKeyText, pendingTexts, problemText, settingsNotices } from '../app/settings/report-words.ts';
import { listLogs } from '../app/core/log.node.ts';
import { readRecorder } from '../app/core/recorder-note.node.ts';
import { messageOf } from '../app/core/result.ts';
import { historyFile } from '../app/core/folders.node.ts';
import { joined } from '../app/core/format.ts';
import { readingStates, type ReadingState } from '../app/core/reading.ts';
import { openNvml } from '../app/telemetry/nvml/source.node.ts';
import { watchPciGpus } from '../app/telemetry/runtime-status.node.ts';
import { openKernelLog } from '../app/telemetry/xid/kernel-log.node.ts';
import { threads } from './options.ts';

/** ok: works; note: works, but users should know; problem: does not work, and `next` says what to do */
export type Finding = {
  readonly level: 'ok' | 'note' | 'problem';
  readonly text: string;
  readonly next?: string;
  /** path of a setting, for example `governor.powerW`, and its line in the file */
  readonly field?: string;
  readonly line?: number;
};

export type CheckName =
  'driver' | 'smi' | 'permissions' | 'sleep' | 'disk' | 'settings' | 'database' | 'incidents' | 'recorder' | 'log';

const MIB = 2 ** 20;
const NEWEST_INCIDENTS = 5;
const LITTLE_SPACE = 500 * MIB; // enough for a year of one card (docs/ARCHITECTURE.md)

const ok = (sentence: string): Finding => ({ level: 'ok', text: sentence });
const note = (sentence: string): Finding => ({ level: 'note', text: sentence });
const problem = (sentence: string, next?: string): Finding => ({
  level: 'problem',
  text: sentence,
  ...(next && { next }),
});

/** Opens NVML as recording does, reads each GPU once, and closes it. A sleeping GPU is not woken. */
async function checkDriver(library: string | undefined): Promise<Finding[]> {
  const opened = await openNvml({
    clock: systemClock,
    settings: { intervalMs: 1000, pcieThroughput: false },
    workerUrl: new URL('nvml-worker.js', threads),
    library,
  });
  if (!opened.ok) return [problem(opened.error.message, opened.error.next)];
  const source = opened.value;
  const sample = await source.read(5000);
  const { label, driverVersion } = source.info();
  await source.close();
  const { fault } = sample;
  return [
    ok(text('cli.doctor.driver', { label, driver: driverVersion ?? '–' })),
    ...sample.gpus.map(({ gpu, frame }): Finding => {
      const count = (state: ReadingState) => frame.states.filter((code) => readingStates[code] === state).length;
      const read = count('value');
      const card = { name: gpu.name, bus: gpu.pciBusId };
      if (count('asleep') === frame.states.length) return ok(text('cli.doctor.gpuAsleep', card));
      if (read === 0) return problem(text('cli.doctor.gpuSilent', card));
      return ok(text('cli.doctor.gpu', { ...card, read, unsupported: count('unsupported') + count('unreported') }));
    }),
    ok(text('cli.doctor.readTook', { ms: Math.round(sample.tookMs * 10) / 10 })),
    ...(fault ? [problem(fault.message, fault.next)] : []),
  ];
}

async function checkSmi(): Promise<Finding[]> {
  try {
    const { stdout } = await promisify(execFile)('nvidia-smi', ['-L'], { timeout: 15_000, windowsHide: true });
    const count = stdout.split('\n').filter((line) => /^GPU /.test(line)).length;
    return [ok(text('cli.doctor.smi', { count }))];
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return [note(text('cli.doctor.smiMissing'))];
    const said = (thrown as { stdout?: string }).stdout?.trim().split('\n')[0] || messageOf(thrown);
    return [problem(text('cli.doctor.smiFailed', { said }))];
  }
}

const isAccessible = (file: string, mode: number): boolean => {
  try {
    fs.accessSync(file, mode);
    return true;
  } catch {
    return false; // this is what the check reports
  }
};

function checkPermissions(): Finding[] {
  const { R_OK, W_OK } = fs.constants;
  const device = '/dev/nvidiactl';
  const findings: Finding[] = [];
  if (fs.existsSync(device)) {
    findings.push(
      isAccessible(device, R_OK | W_OK)
        ? ok(text('cli.doctor.device', { device }))
        : problem(text('cli.doctor.deviceDenied', { device }), text('cli.doctor.deviceNext')),
    );
  }
  const log = openKernelLog();
  log?.close();
  findings.push(log ? ok(text('cli.doctor.kernelLog')) : note(text('cli.doctor.kernelLogDenied')));
  return findings;
}

function checkSleep(): Finding[] {
  const gpus = watchPciGpus().gpus();
  if (gpus.length === 0) return [note(text('cli.doctor.noPci'))];
  return gpus.map(({ busId: bus, asleep, managed }) => {
    if (asleep) return ok(text('cli.doctor.asleep', { bus }));
    return ok(managed ? text('cli.doctor.maySleep', { bus }) : text('cli.doctor.neverSleeps', { bus }));
  });
}

/** A folder, or its nearest parent that exists: the first recording creates the folder. */
function existing(folder: string): string {
  let here = folder;
  while (!fs.existsSync(here) && path.dirname(here) !== here) here = path.dirname(here);
  return here;
}

function checkDisk(folder: string, format: Formatter): Finding[] {
  const here = existing(folder);
  if (!isAccessible(here, fs.constants.W_OK)) {
    return [problem(text('cli.doctor.folderDenied', { folder: here }), text('cli.doctor.folderNext'))];
  }
  const { bavail, bsize } = fs.statfsSync(here);
  const freeBytes = bavail * bsize;
  const values = { folder, free: joined(format.bytes(freeBytes)) };
  return [freeBytes < LITTLE_SPACE ? problem(text('cli.doctor.diskLow', values)) : ok(text('cli.doctor.disk', values))];
}

/** Reports settings that cannot be read, suspended deletion, and pending limits. */
function checkSettings(folder: string, format: Formatter): Finding[] {
  const { file, state, problems, former, suspended, settings } = loadSettings(folder);
  const faults = problems.map((each): Finding => ({
    ...problem(problemText(each, text), each.next),
    ...(each.field && { field: each.field }),
    ...(each.line !== null && { line: each.line }),
  }));
  for (const { title, next } of settingsNotices({ file, problems: [], former: [], suspended }, text))
    faults.push(problem(title, next));
  const limits = readPlan(historyFile(folder, 'measured'), limitsOf(settings, suspended));
  const notes = [
    ...former.map((key) => note(formerKeyText(key, text))),
    ...(limits ? pendingTexts(limits, text, format).map(note) : []),
  ];
  if (faults.length > 0) return [...faults, ...notes];
  const sound = state === 'new' ? text('cli.doctor.settingsNew', { file }) : text('cli.doctor.settings', { file });
  return [ok(sound), ...notes];
}

function checkDatabase(folder: string, format: Formatter): Finding[] {
  const file = historyFile(folder, 'measured');
  if (!fs.existsSync(file)) return [note(text('cli.doctor.noHistory', { file }))];
  const opened = openForReading(file);
  if (!opened.ok) return [problem(opened.error.message, opened.error.next)];
  const db = opened.value;
  try {
    const verdict = db.pragma('quick_check(1)', { simple: true }) as string;
    const size = joined(format.bytes(fs.statSync(file).size));
    return verdict === 'ok'
      ? [ok(text('cli.doctor.history', { file, size }))]
      : [problem(text('cli.doctor.historyDamaged', { file, said: verdict }))];
  } finally {
    db.close();
  }
}

/** The newest lost cards, resets and stops, with what was seen before each. */
function checkIncidents(folder: string, format: Formatter): Finding[] {
  const file = historyFile(folder, 'measured');
  const opened = fs.existsSync(file) ? openForReading(file) : undefined;
  if (!opened?.ok) return []; // the check of the history says why
  try {
    const { events, gpus } = createHistory(opened.value);
    const names = new Map(gpus.list().map(({ uuid, name }) => [uuid, name]));
    const incidents = incidentsIn(events.incidents(NEWEST_INCIDENTS));
    if (incidents.length === 0) return [ok(text('cli.doctor.noIncidents'))];
    return incidents.map((incident) => ({
      ...note(
        [
          `${format.dateTime(incident.fromMs)}:`,
          incidentTitle(text, incident, names.get(incident.gpuUuid ?? '') ?? ''),
          ...incidentLines(text, format, incident),
        ].join(' '),
      ),
      ...(incident.kind !== 'reset' && { next: text('incident.next') }),
    }));
  } finally {
    opened.value.close();
  }
}

function checkRecorder(folder: string): Finding[] {
  const recorder = readRecorder(folder);
  if (!recorder) return [note(text('cli.doctor.noRecorder'))];
  const { cost, pid, source = '–' } = recorder;
  const running = ok(text('cli.doctor.recorder', { pid, source }));
  if (!cost) return [running];
  const sentence = text('cli.doctor.cost', {
    cpu: cost.cpuPct.toFixed(2),
    memory: Math.round(cost.rssBytes / MIB),
    read: cost.readMs.toFixed(2),
    tick: cost.cpuMsATick.toFixed(2),
    kept: cost.kept,
    lost: cost.lost,
  });
  return [running, cost.lost > cost.kept / 100 ? note(sentence) : ok(sentence)];
}

function checkLogs(folder: string): Finding[] {
  const logs = listLogs(folder);
  if (logs.length === 0) return [ok(text('cli.doctor.noLog'))];
  return logs.map(({ file, bytes }) => ok(text('cli.doctor.log', { file, size: Math.ceil(bytes / 1000) })));
}

/** Runs all checks, in the order in which a person would look. */
export async function checkAll(
  folder: string,
  library: string | undefined,
  format: Formatter,
): Promise<{ readonly name: CheckName; readonly findings: readonly Finding[] }[]> {
  return [
    { name: 'driver', findings: await checkDriver(library) },
    { name: 'smi', findings: await checkSmi() },
    { name: 'permissions', findings: process.platform === 'linux' ? checkPermissions() : [] },
    { name: 'sleep', findings: process.platform === 'linux' ? checkSleep() : [] },
    { name: 'disk', findings: checkDisk(folder, format) },
    { name: 'settings', findings: checkSettings(folder, format) },
    { name: 'database', findings: checkDatabase(folder, format) },
    { name: 'incidents', findings: checkIncidents(folder, format) },
    { name: 'recorder', findings: checkRecorder(folder) },
    { name: 'log', findings: checkLogs(folder) },
  ];
}
