import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { expect, onTestFinished } from 'vitest';
import { readRecorder } from '../../app/core/recorder-note.node.ts';
import { compileMock } from './mock-nvml.ts';
import { temporaryFolder, threads } from './folders.ts';

const program = new URL('slowburn.js', threads).pathname;

export type User = { readonly uid: number; readonly gid: number };
type Options = { readonly env?: NodeJS.ProcessEnv; readonly user?: User };

/** A process of `slowburn` that runs until it ends or is killed, and what it printed so far. */
export type Running = {
  readonly child: ChildProcess;
  readonly printed: () => string;
  /** Ends it and waits until it is gone. */
  readonly end: (signal?: NodeJS.Signals) => Promise<number | null>;
};

function running(args: readonly string[], env: NodeJS.ProcessEnv, user?: User): Running {
  const child = spawn(process.execPath, [program, ...args], { env, ...user });
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (piece: Buffer) => (printed += String(piece)));
  const end = (signal: NodeJS.Signals = 'SIGKILL'): Promise<number | null> => {
    child.kill(signal);
    return ended;
  };
  onTestFinished(async () => void (await end()));
  return { child, printed: () => printed, end };
}

/** Waits until a recorder of this folder, with this PID if one is given, has seen cards. */
export async function recording(folder: string, pid?: number): Promise<void> {
  const found = () => {
    const recorder = readRecorder(folder);
    return recorder !== undefined && (recorder.cards ?? []).length > 0 && (pid === undefined || recorder.pid === pid);
  };
  await expect.poll(found, { timeout: 20_000 }).toBe(true);
}

/**
 * A separate machine on this one: a folder for the machine's recorder, which also names the lock, and a driver with two
 * cards, which is found where the system looks for it.
 */
export function openMachine() {
  const folder = temporaryFolder();
  fs.chmodSync(folder, 0o755);
  const [system, library] = [path.join(folder, 'run'), path.join(folder, 'lib')];
  fs.mkdirSync(system, { mode: 0o755 });
  fs.mkdirSync(library, { mode: 0o755 });
  fs.copyFileSync(compileMock(), path.join(library, 'libnvidia-ml.so.1'));
  const control = path.join(folder, 'control');
  fs.writeFileSync(control, 'set -1 count 2\n');
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    LD_LIBRARY_PATH: library,
    SLOWBURN_SYSTEM_DIR: system,
    MOCK_NVML_CONTROL: control,
    HOME: folder,
    XDG_RUNTIME_DIR: '',
    XDG_DATA_HOME: '',
  };
  const environmentOf = ({ env: more = {} }: Options): NodeJS.ProcessEnv => ({ ...env, ...more });

  return {
    system,
    env,
    /** A data folder of a user. */
    dataFolder(user?: User): string {
      const data = temporaryFolder();
      if (user) fs.chownSync(data, user.uid, user.gid);
      return data;
    },
    start: (args: readonly string[], options: Options = {}) => running(args, environmentOf(options), options.user),
    /** The recorder of the machine, as its unit starts it. */
    startSystem(data: string, { env: more = {}, user }: Options = {}): Running {
      if (user) fs.chownSync(system, user.uid, user.gid);
      return running(['record', '--data-dir', data], { ...env, RUNTIME_DIRECTORY: system, ...more }, user);
    },
    ask(args: readonly string[], options: Options = {}) {
      const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], {
        env: environmentOf(options),
        encoding: 'utf8',
        timeout: 50_000, // a recorder that should have been refused runs on
        ...options.user,
      });
      return { status, stdout, stderr };
    },
  };
}
