import { execFile } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { systemClock } from '../app/core/clock.node.ts';
import type { Formatter } from '../app/metrics/format.ts';
import { openForReading } from '../app/history/file/database.node.ts';
import { limitsOf } from '../app/history/retention/limits.ts';
import { readPlan } from '../app/history/retention/retention-plan.node.ts';
import type { Translate } from '../app/core/i18n.ts';
import { loadSettings } from '../app/settings/file.node.ts';
import { pendingTexts, problemText, settingsNotices } from '../app/settings/report-words.ts';
import { listLogs } from '../app/core/log.node.ts';
import { readRecorder } from '../app/core/recorder-note.node.ts';
import { messageOf } from '../app/core/result.ts';
import { historyFile } from '../app/core/folders.node.ts';
import { readingStates, type ReadingState } from '../app/core/reading.ts';
import { openNvml } from '../app/telemetry/nvml/source.node.ts';
import { watchPciGpus } from '../app/telemetry/runtime-status.node.ts';
import { openKernelLog } from '../app/telemetry/xid/kernel-log.node.ts';
import { threads } from './options.ts';

/** ok: as it should be; note: works, but worth knowing; problem: something does not work, and `next` says what to do */
export type Finding = {
  readonly level: 'ok' | 'note' | 'problem';
  /** key under `doctor.` in the language files, and its numbers */
  readonly text: string;
  readonly values?: Readonly<Record<string, string | number>>;
  /** a sentence that is already whole: what the driver or the system said */
  readonly said?: string;
  readonly next?: string;
  /** where in the file of settings it is: as `governor.powerW`, and its line */
  readonly field?: string;
  readonly line?: number;
};

export type CheckName =
  'driver' | 'smi' | 'permissions' | 'sleep' | 'disk' | 'settings' | 'database' | 'recorder' | 'log';

const MIB = 2 ** 20;
const LITTLE_SPACE = 500 * MIB; // a year of one card fits (docs/ARCHITECTURE.md)

/** Opens NVML as recording would, reads each GPU once, and lets it go. A GPU that sleeps is not woken. */
async function checkDriver(library: string | undefined): Promise<Finding[]> {
  const opened = await openNvml({
    clock: systemClock,
    settings: { intervalMs: 1000, pcieThroughput: false },
    workerUrl: new URL('nvml-worker.js', threads),
    library,
  });
  if (!opened.ok) {
    const { message, next } = opened.error;
    return [{ level: 'problem', text: 'said', said: message, ...(next ? { next } : {}) }];
  }
  const source = opened.value;
  const sample = await source.read(5000);
  const { label, driverVersion } = source.info();
  await source.close();
  const { fault } = sample;
  return [
    { level: 'ok', text: 'driver', values: { label, driver: driverVersion ?? '–' } },
    ...sample.gpus.map(({ gpu, frame }): Finding => {
      const count = (state: ReadingState) => frame.states.filter((code) => readingStates[code] === state).length;
      const read = count('value');
      const values = { name: gpu.name, bus: gpu.pciBusId, read, unsupported: count('unsupported') };
      if (count('asleep') === frame.states.length) return { level: 'ok', text: 'gpuAsleep', values };
      return read > 0 ? { level: 'ok', text: 'gpu', values } : { level: 'problem', text: 'gpuSilent', values };
    }),
    { level: 'ok', text: 'readTook', values: { ms: Math.round(sample.tookMs * 10) / 10 } },
    ...(fault
      ? [{ level: 'problem', text: 'said', said: fault.message, ...(fault.next ? { next: fault.next } : {}) } as const]
      : []),
  ];
}

async function checkSmi(): Promise<Finding[]> {
  try {
    const { stdout } = await promisify(execFile)('nvidia-smi', ['-L'], { timeout: 15_000, windowsHide: true });
    return [
      { level: 'ok', text: 'smi', values: { gpus: stdout.split('\n').filter((line) => /^GPU /.test(line)).length } },
    ];
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return [{ level: 'note', text: 'smiMissing' }];
    const said = (thrown as { stdout?: string }).stdout?.trim().split('\n')[0] || messageOf(thrown);
    return [{ level: 'problem', text: 'smiFailed', said }];
  }
}

const readable = (file: string, mode: number): boolean => {
  try {
    fs.accessSync(file, mode);
    return true;
  } catch {
    return false; // that it is not is the finding
  }
};

function checkPermissions(): Finding[] {
  const { R_OK, W_OK } = fs.constants;
  const device = '/dev/nvidiactl';
  const findings: Finding[] = [];
  if (fs.existsSync(device)) {
    findings.push(
      readable(device, R_OK | W_OK)
        ? { level: 'ok', text: 'device', values: { device } }
        : { level: 'problem', text: 'deviceDenied', values: { device }, next: 'sudo usermod -aG video "$USER"' },
    );
  }
  const log = openKernelLog();
  log?.close();
  findings.push(log ? { level: 'ok', text: 'kernelLog' } : { level: 'note', text: 'kernelLogDenied' });
  return findings;
}

function checkSleep(): Finding[] {
  const gpus = watchPciGpus().gpus();
  if (gpus.length === 0) return [{ level: 'note', text: 'noPci' }];
  return gpus.map(({ busId, asleep, managed }) => ({
    level: 'ok',
    text: asleep ? 'asleep' : managed ? 'maySleep' : 'neverSleeps',
    values: { bus: busId },
  }));
}

/** The folder itself, or the nearest one above it that exists: it is made at the first recording. */
function existing(folder: string): string {
  let here = folder;
  while (!fs.existsSync(here) && path.dirname(here) !== here) here = path.dirname(here);
  return here;
}

function checkDisk(folder: string): Finding[] {
  const here = existing(folder);
  if (!readable(here, fs.constants.W_OK)) {
    return [{ level: 'problem', text: 'folderDenied', values: { folder: here }, next: '--data-dir FOLDER' }];
  }
  const { bavail, bsize } = fs.statfsSync(here);
  const free = bavail * bsize;
  const values = { folder, free: Math.round(free / MIB) };
  return [{ level: free < LITTLE_SPACE ? 'problem' : 'ok', text: free < LITTLE_SPACE ? 'diskLow' : 'disk', values }];
}

/** What cannot be read of the settings, whether that suspends deletion, and limits that wait. */
function checkSettings(folder: string, t: Translate, format: Formatter): Finding[] {
  const { file, state, problems, suspended, settings } = loadSettings(folder);
  const wrong = problems.map((problem): Finding => ({
    level: 'problem',
    text: 'said',
    said: problemText(problem, t),
    ...(problem.next && { next: problem.next }),
    ...(problem.field && { field: problem.field }),
    ...(problem.line !== null && { line: problem.line }),
  }));
  const notices = settingsNotices({ file, problems: [], suspended }, t);
  const held = notices.map(({ title, next }): Finding => ({ level: 'problem', text: 'said', said: title, ...(next && { next }) })); // prettier-ignore
  const limits = readPlan(historyFile(folder, 'nvml'), limitsOf(settings, suspended));
  const waiting = limits ? pendingTexts(limits, t, format) : [];
  const found = [...wrong, ...held, ...waiting.map((said): Finding => ({ level: 'note', text: 'said', said }))];
  return wrong.length + held.length > 0 ? found : [{ level: 'ok', text: state === 'new' ? 'settingsNew' : 'settings', values: { file } }, ...found]; // prettier-ignore
}

function checkDatabase(folder: string): Finding[] {
  const file = historyFile(folder, 'nvml');
  if (!fs.existsSync(file)) return [{ level: 'note', text: 'noHistory', values: { file } }];
  const opened = openForReading(file);
  if (!opened.ok)
    return [{ level: 'problem', text: 'said', said: opened.error.message, next: opened.error.next ?? '' }];
  const db = opened.value;
  try {
    const verdict = db.pragma('quick_check(1)', { simple: true }) as string;
    const values = { file, size: Math.round(fs.statSync(file).size / MIB) };
    return verdict === 'ok'
      ? [{ level: 'ok', text: 'history', values }]
      : [{ level: 'problem', text: 'historyDamaged', values, said: verdict }];
  } finally {
    db.close();
  }
}

function checkRecorder(folder: string): Finding[] {
  const recorder = readRecorder(folder);
  if (!recorder) return [{ level: 'note', text: 'noRecorder' }];
  const { cost, pid, source = '–' } = recorder;
  const running: Finding = { level: 'ok', text: 'recorder', values: { pid, source } };
  if (!cost) return [running];
  const values = {
    cpu: cost.cpuPct.toFixed(2),
    memory: Math.round(cost.rssBytes / MIB),
    read: cost.readMs.toFixed(2),
    tick: cost.cpuMsATick.toFixed(2),
    kept: cost.kept,
    lost: cost.lost,
  };
  return [running, { level: cost.lost > cost.kept / 100 ? 'note' : 'ok', text: 'cost', values }];
}

function checkLogs(folder: string): Finding[] {
  const logs = listLogs(folder);
  if (logs.length === 0) return [{ level: 'ok', text: 'noLog' }];
  return logs.map(({ file, bytes }) => ({ level: 'ok', text: 'log', values: { file, size: Math.ceil(bytes / 1000) } }));
}

/** All checks in the order in which a person would look, each with what it found. */
export async function checkAll(
  folder: string,
  library: string | undefined,
  t: Translate,
  format: Formatter,
): Promise<{ readonly name: CheckName; readonly findings: readonly Finding[] }[]> {
  return [
    { name: 'driver', findings: await checkDriver(library) },
    { name: 'smi', findings: await checkSmi() },
    { name: 'permissions', findings: process.platform === 'linux' ? checkPermissions() : [] },
    { name: 'sleep', findings: process.platform === 'linux' ? checkSleep() : [] },
    { name: 'disk', findings: checkDisk(folder) },
    { name: 'settings', findings: checkSettings(folder, t, format) },
    { name: 'database', findings: checkDatabase(folder) },
    { name: 'recorder', findings: checkRecorder(folder) },
    { name: 'log', findings: checkLogs(folder) },
  ];
}
