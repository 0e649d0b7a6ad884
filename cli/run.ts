import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import os from 'node:os';
import path from 'node:path';
import { createFormatter } from '../app/metrics/format.ts';
import { systemClock } from '../app/core/clock.node.ts';
import { openDatabase, openExisting } from '../app/history/file/database.node.ts';
import { describeLoss, watchPresence } from '../app/history/file/presence.node.ts';
import { createStore } from '../app/recorder/store.ts';
import { createI18n, type Translate } from '../app/core/i18n.ts';
import { err, ok, type Result } from '../app/core/result.ts';
import { GAP_MS } from '../app/telemetry/sampler.ts';
import { followTree, SESSION_MARK } from '../app/workload/programs/process-tree.node.ts';
import { notes, printError } from './terminal.ts';
import { dataFolder } from '../app/core/folders.node.ts';
import { EXIT, settingsOf, type RecordingOptions } from './options.ts';
import { endRecording, startRecording } from './recording.ts';
import { followOutputs, type OutputOptions } from './run-outputs.ts';
import { describe } from './run-summary.ts';

export type RunOptions = RecordingOptions & OutputOptions & { readonly name?: string };

const CANNOT_START: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such program',
  EACCES: 'it may not be run',
};
/** What a shell says of a command that it cannot start (POSIX, "Exit Status for Commands"). */
const EXIT_NOT_FOUND = 127;
const EXIT_NOT_RUN = 126;
export const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const LOOK_EVERY_MS = 500;
/** Samples arrive up to an interval after the fact, and are written soon after: the last ones are waited for. */
const WRITTEN_MS = 500;

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
    child.on('error', ({ code, message }: NodeJS.ErrnoException) => {
      const why = (code && CANNOT_START[code]) ?? message;
      resolve(err(code === 'ENOENT' ? 'not-found' : 'invalid-argument', `${program} could not be started: ${why}.`));
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
  // Ctrl-C and a terminal that closes reach the command by themselves: it is in the terminal's group. The session is
  // written when it has ended; what it left running is then not waited for.
  const onSignal = (signal: NodeJS.Signals): void => {
    interrupted = true;
    if (signal === 'SIGTERM') child.kill(signal);
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);

  const tree = followTree(child.pid, mark);
  let told = false;
  for (;;) {
    const alive = await tree.refresh();
    outputs.look(tree.everSeen);
    if (result && (alive === 0 || interrupted)) break;
    if (result && !told) {
      told = true;
      notes.say(t('run.waiting', { count: alive }));
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
  for (const signal of SIGNALS) process.off(signal, onSignal);
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
  const { databaseFile } = recording.value;
  const database = openDatabase(databaseFile);
  if (!database.ok) {
    printError(database.error);
    await endRecording(recording.value);
    return EXIT.failed;
  }
  const presence = watchPresence(databaseFile);
  let store = createStore(database.value.db);
  // from here on there is a session to be written, whatever a terminal says
  const stay = (): void => undefined;
  for (const signal of SIGNALS) process.on(signal, stay);
  const startedBootMs = systemClock.bootMs();
  let startedMs = Date.now();
  const name = options.name ?? path.basename(command[0]!);
  const id = store.sessions.begin(name, command.join(' '), startedMs, process.pid);

  const outputs = followOutputs(command, options, settings.programs);
  const ran = await runCommand(command, `${process.pid}-${randomUUID()}`, t, outputs);
  if (!ran.ok) {
    outputs.finish();
    store.sessions.remove(id); // nothing ran
    store.close();
    await endRecording(recording.value);
    for (const signal of SIGNALS) process.off(signal, stay);
    printError(ran.error);
    return ran.error.code === 'not-found' ? EXIT_NOT_FOUND : EXIT_NOT_RUN;
  }
  const endedMs = Date.now();
  // a clock that was corrected meanwhile, as after a start in 1970, must not make the session decades long
  const startedByBootMs = Math.round(endedMs - (systemClock.bootMs() - startedBootMs));
  if (Math.abs(startedByBootMs - startedMs) > GAP_MS) startedMs = startedByBootMs;
  await new Promise((resolve) => setTimeout(resolve, WRITTEN_MS + (options.interval ?? settings.intervalMs)));
  const { code, pids } = ran.value;
  const details = outputs.finish();
  const loss = presence.look();
  if (loss === 'log-lost') {
    // the recorder has opened the file again: to write through the old log would damage it
    store.close();
    const again = openExisting(databaseFile);
    if (!again.ok) {
      printError(again.error);
      await endRecording(recording.value);
      return EXIT.failed;
    }
    store = createStore(again.value);
  } else if (loss) {
    printError({ message: describeLoss(databaseFile, loss), next: 'This session is not in the history.' });
  }
  store.sessions.startedAt(id, startedMs);
  const { summaries, seenOn } = store.finishSession({ id, startedMs }, endedMs, code, pids, details);
  const names = new Map(store.gpus.list().map((gpu) => [gpu.uuid, gpu.name]));
  store.close();
  const whole = await endRecording(recording.value);

  for (const signal of SIGNALS) process.off(signal, stay);

  notes.say('', t('run.done', { name, duration: format.duration(endedMs - startedMs) }));
  if (summaries.length === 0) notes.say(t('run.nothing'));
  else if (seenOn.length === 0) notes.say(t('run.allGpus'));
  for (const summary of summaries)
    notes.say(
      ...describe(summary, names.get(summary.gpuUuid)!, { startedMs, endedMs }, details.workload, settings, t, format),
    );
  return code === EXIT.ok && (!whole || (loss && loss !== 'log-lost')) ? EXIT.failed : code;
}
