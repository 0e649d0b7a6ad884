import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import os from 'node:os';
import path from 'node:path';
import { systemClock } from '../../app/core/clock.node.ts';
import { openDatabase, openExisting } from '../../app/history/file/database.node.ts';
import { describeLoss, watchPresence } from '../../app/history/file/presence.node.ts';
import { createStore } from '../../app/recorder/store.ts';
import { text } from '../../app/core/i18n.ts';
import { err, ok, type Result } from '../../app/core/result.ts';
import { GAP_MS } from '../../app/telemetry/sampler.ts';
import { readMeterNotes } from '../../app/workload/meter/note.node.ts';
import { startOf } from '../../app/workload/programs/process-facts.node.ts';
import { followTree, SESSION_MARK } from '../../app/workload/programs/process-tree.node.ts';
import { dataFolder } from '../../app/core/folders.node.ts';
import type { Command } from '../command.ts';
import { formatterOf } from '../format.ts';
import { EXIT, moneyIn, settingsOf, type RecordingOptions } from '../options.ts';
import { endRecording, startLive, type Recording } from '../recording.ts';
import { followOutputs, type OutputOptions } from '../run-outputs.ts';
import { describe } from '../run-summary.ts';
import { sampleAtEnd, sampleAtStart } from '../samples.ts';
import { outputOptions } from '../output-options.ts';
import { commandArgument, recordingOptions } from '../shared-options.ts';
import { notes, printError } from '../terminal.ts';

export type RunOptions = RecordingOptions & OutputOptions & { readonly name?: string };

/** Why the system did not start a program. */
function startFailure({ code, message }: NodeJS.ErrnoException): string {
  if (code === 'ENOENT') return text('cli.run.noProgram');
  return code === 'EACCES' ? text('cli.run.notExecutable') : message;
}

/** Exit codes of a shell for a command that it cannot start (POSIX, "Exit Status for Commands"). */
const EXIT_NOT_FOUND = 127;
const EXIT_NOT_RUN = 126;
export const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const LOOK_EVERY_MS = 500;

/** Runs the command until its whole process tree has ended. Resolves to its exit code, as a shell would report it. */
async function runCommand(
  command: readonly string[],
  mark: string,
  outputs: ReturnType<typeof followOutputs>,
): Promise<Result<{ code: number; pids: ReadonlySet<number> }>> {
  const [program, ...args] = command as [string, ...string[]];
  // its output is read only for --lines: programs may print differently if their output is no terminal
  const seen = outputs.lines ? 'pipe' : 'inherit';
  const child = spawn(program, args, {
    stdio: ['inherit', seen, seen],
    env: { ...process.env, [SESSION_MARK]: mark },
  });
  for (const [from, to] of [[child.stdout, process.stdout] as const, [child.stderr, process.stderr] as const]) {
    from?.pipe(to, { end: false });
    const printed = outputs.lines?.stream();
    from?.on('data', (piece: Buffer) => printed?.feed(piece));
  }
  const ended = new Promise<Result<number>>((resolve) => {
    child.on('error', (error: NodeJS.ErrnoException) => {
      const code = error.code === 'ENOENT' ? 'not-found' : 'invalid-argument';
      resolve(err(code, text('cli.run.notStarted', { program, why: startFailure(error) })));
    });
    child.on('exit', (code, signal) => resolve(ok(code ?? 128 + (signal ? os.constants.signals[signal] : 0))));
  });
  if (child.pid === undefined) {
    const failed = await ended;
    const why = text('cli.run.unknown');
    return failed.ok ? err('internal', text('cli.run.notStarted', { program, why })) : failed;
  }

  let result: Result<number> | undefined;
  let interrupted = false;
  void ended.then((value) => (result = value));
  // the command is in the terminal's process group, so it receives Ctrl-C and the end of the terminal directly. The
  // session is written when the command has ended, without waiting for processes that it left running.
  const onSignal = (signal: NodeJS.Signals): void => {
    interrupted = true;
    if (signal === 'SIGTERM') child.kill(signal);
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);

  const tree = followTree(child.pid, mark);
  let announced = false;
  for (;;) {
    const alive = await tree.refresh();
    outputs.look(tree.everSeen);
    if (result && (alive === 0 || interrupted)) break;
    if (result && !announced) {
      announced = true;
      notes.say(text('cli.run.waiting', { count: alive }));
    }
    const pause = new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    await (result ? pause : Promise.race([pause, ended])); // its end is noticed at once
  }
  for (const signal of SIGNALS) process.off(signal, onSignal);
  return result.ok ? ok({ code: result.value, pids: tree.everSeen }) : result;
}

/** Runs a command and records its session. Exits with the exit code of the command. */
export async function runAndRecord(command: readonly string[], options: RunOptions): Promise<number> {
  const settings = settingsOf(dataFolder(options.dataDir));
  const money = moneyIn(dataFolder(options.dataDir), settings);
  const format = formatterOf(settings);
  const recording = await startLive(options);
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
  // from here on a session must be written or removed, so signals do not end this process
  let stopped: NodeJS.Signals | undefined;
  const stay = (signal: NodeJS.Signals): void => void (stopped ??= signal);
  for (const signal of SIGNALS) process.on(signal, stay);
  const name = options.name ?? path.basename(command[0]!);
  // before the sample at its start: whoever records knows of it when the next joule is attributed
  const id = store.sessions.begin(name, command.join(' '), Date.now(), process.pid, startOf(process.pid));
  async function nothingRan(recorded: Recording, code: number): Promise<number> {
    store.sessions.remove(id);
    store.close();
    await endRecording(recorded);
    for (const signal of SIGNALS) process.off(signal, stay);
    return code;
  }
  let startedMs = await sampleAtStart(store, recording.value, () => stopped !== undefined);
  if (stopped) return nothingRan(recording.value, 128 + os.constants.signals[stopped]);
  const startedBootMs = systemClock.bootMs() - (Date.now() - startedMs);
  store.sessions.startedAt(id, startedMs);

  const outputs = followOutputs(command, options, settings.programs, () => readMeterNotes(dataFolder(options.dataDir)));
  const ran = await runCommand(command, `${process.pid}-${randomUUID()}`, outputs);
  if (!ran.ok) {
    outputs.finish();
    const code = await nothingRan(recording.value, ran.error.code === 'not-found' ? EXIT_NOT_FOUND : EXIT_NOT_RUN);
    printError(ran.error);
    return code;
  }
  const details = outputs.finish();
  const endedMs = await sampleAtEnd(store, recording.value);
  // if the clock was corrected since the start, for example from 1970, the session must not be decades long
  const startedByBootMs = Math.round(Date.now() - (systemClock.bootMs() - startedBootMs));
  if (Math.abs(startedByBootMs - startedMs) > GAP_MS) startedMs = startedByBootMs;
  const { code, pids } = ran.value;
  const loss = presence.look();
  if (loss === 'log-lost') {
    // the recorder has opened the file again: writing through the old log would damage it
    store.close();
    const again = openExisting(databaseFile);
    if (!again.ok) {
      printError(again.error);
      await endRecording(recording.value);
      return EXIT.failed;
    }
    store = createStore(again.value);
  } else if (loss) {
    printError({ message: describeLoss(databaseFile, loss), next: text('cli.run.notInHistory') });
  }
  store.sessions.startedAt(id, startedMs);
  const { summaries, seenOn } = store.finishSession({ id, startedMs }, endedMs, code, pids, details);
  const sharedWith = store.sessions.byId(id)?.sharedWith;
  const names = new Map(store.gpus.list().map((gpu) => [gpu.uuid, gpu.name]));
  store.close();
  const whole = await endRecording(recording.value);

  for (const signal of SIGNALS) process.off(signal, stay);

  notes.say('', text('cli.run.done', { name, duration: format.duration(endedMs - startedMs) }));
  if (summaries.length === 0) notes.say(text('cli.run.nothing'));
  else if (seenOn.length === 0) notes.say(text('cli.run.allGpus'));
  const session = { startedMs, endedMs, sharedWith, ...(details.workload && { workload: details.workload }) };
  notes.say(...describe(summaries, (uuid) => names.get(uuid)!, session, money, format));
  if (details.workload?.note) notes.say(details.workload.note);
  return code === EXIT.ok && (!whole || (loss && loss !== 'log-lost')) ? EXIT.failed : code;
}

/** `slowburn run -- COMMAND …`: records what a command does to the card. */
export const run = {
  description: () => text('cli.run.description'),
  arguments: () => [commandArgument()],
  options: () => [...recordingOptions(), ...outputOptions()],
  passThrough: true,
  run: runAndRecord,
} satisfies Command;
