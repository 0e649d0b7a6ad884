import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import os from 'node:os';
import path from 'node:path';
import { createFormatter } from '../format.ts';
import { openDatabase } from '../history/database.node.ts';
import { createStore } from '../history/store.ts';
import { createI18n, type Translate } from '../i18n.ts';
import { err, messageOf, ok, type Result } from '../result.ts';
import { followTree, SESSION_MARK } from '../workload/process-tree.node.ts';
import { printError } from './monitor.ts';
import { dataFolder } from '../settings/folders.node.ts';
import { EXIT, settingsOf, type RecordingOptions } from './options.ts';
import { startRecording } from './recording.ts';
import { followOutputs, type OutputOptions } from './run-outputs.ts';
import { describe } from './run-summary.ts';

export type RunOptions = RecordingOptions & OutputOptions & { readonly name?: string };

/** As a shell reports a command that it could not run. */
const NO_PROGRAM = 127;
const NOT_STARTED = 126;
const LOOK_EVERY_MS = 500;
/** Samples arrive up to an interval after the fact: the last ones are waited for. */
const SETTLE_MS = 1500;

/** Runs the command to the end of its whole process tree. Resolves to its exit code, as a shell would report it. */
async function runCommand(
  command: readonly string[],
  mark: string,
  t: Translate,
  outputs: ReturnType<typeof followOutputs>,
): Promise<Result<{ code: number; pids: ReadonlySet<number> }>> {
  const [program, ...args] = command as [string, ...string[]];
  // what it prints is looked at only when asked: a program may print otherwise when it is not on a terminal
  const seen = outputs.lines ? 'pipe' : 'inherit';
  const child = spawn(program, args, {
    stdio: ['inherit', seen, seen],
    env: { ...process.env, [SESSION_MARK]: mark },
  });
  for (const [from, to] of [[child.stdout, process.stdout] as const, [child.stderr, process.stderr] as const]) {
    from?.pipe(to, { end: false });
    from?.on('data', (text: Buffer) => outputs.lines?.feed(text.toString('utf8')));
  }
  const ended = new Promise<Result<number>>((resolve) => {
    child.on('error', (error) => {
      const code = (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'not-found' : 'invalid-argument';
      const why = code === 'not-found' ? 'there is no such program' : messageOf(error);
      resolve(
        err(code, `${program} could not be started: ${why}.`, 'Give the command after --, as a shell would find it.'),
      );
    });
    child.on('exit', (code, signal) => resolve(ok(code ?? 128 + (signal ? os.constants.signals[signal] : 0))));
  });
  if (child.pid === undefined) {
    const failed = await ended;
    return failed.ok ? err('internal', `${program} could not be started.`) : failed;
  }

  let result: Result<number> | undefined;
  let interrupted = false;
  void ended.then((value) => (result = value));
  // Ctrl-C reaches the command by itself: it is in the terminal's group. The session is written when it has ended.
  const onInterrupt = () => (interrupted = true);
  const onTerminate = () => child.kill('SIGTERM');
  process.on('SIGINT', onInterrupt);
  process.on('SIGTERM', onTerminate);

  const tree = followTree(child.pid, mark);
  let told = false;
  for (;;) {
    const alive = await tree.refresh();
    outputs.look(tree.everSeen);
    if (result && (alive === 0 || interrupted)) break;
    if (result && !told) {
      told = true;
      process.stderr.write(`${t('run.waiting', { count: alive })}\n`);
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
  process.off('SIGINT', onInterrupt);
  process.off('SIGTERM', onTerminate);
  return result.ok ? ok({ code: result.value, pids: tree.everSeen }) : result;
}

/** `slowburn run -- COMMAND …`: records what a command does to the card. Exits with the command's own code. */
export async function run(command: readonly string[], options: RunOptions): Promise<number> {
  const locale = Intl.DateTimeFormat().resolvedOptions().locale;
  const { t } = createI18n(locale);
  const settings = settingsOf(dataFolder(options.dataDir));
  const format = createFormatter(locale, settings);
  const recording = await startRecording(options);
  if (!recording.ok) {
    printError(recording.error);
    return EXIT.failed;
  }
  const { databaseFile, collector } = recording.value;
  const database = openDatabase(databaseFile);
  if (!database.ok) {
    printError(database.error);
    await collector?.stop();
    return EXIT.failed;
  }
  const store = createStore(database.value.db);
  const startedMs = Date.now();
  const name = options.name ?? path.basename(command[0]!);
  const id = store.sessions.begin(name, command.join(' '), startedMs, process.pid);

  const outputs = followOutputs(command, options, settings.programs);
  const ran = await runCommand(command, randomUUID(), t, outputs);
  const endedMs = Date.now();
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  const { code, pids } = ran.ok ? ran.value : { code: null, pids: new Set<number>() };
  const details = outputs.finish();
  const { summaries, seenOn } = store.finishSession({ id, startedMs }, endedMs, code, pids, details);
  const names = new Map(store.gpus.list().map((gpu) => [gpu.uuid, gpu.name]));
  store.close();
  await collector?.stop();

  if (!ran.ok) {
    printError(ran.error);
    return ran.error.code === 'not-found' ? NO_PROGRAM : NOT_STARTED;
  }
  process.stderr.write(`\n${t('run.done', { name, duration: format.duration(endedMs - startedMs) })}\n`);
  if (summaries.length === 0) process.stderr.write(`${t('run.nothing')}\n`);
  else if (seenOn.length === 0) process.stderr.write(`${t('run.allGpus')}\n`);
  for (const summary of summaries)
    process.stderr.write(
      `${describe(summary, names.get(summary.gpuUuid)!, { startedMs, endedMs }, details.workload, settings, t, format)}\n`,
    );
  return ran.value.code;
}
