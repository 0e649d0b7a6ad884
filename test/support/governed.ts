import { spawn, type ChildProcess } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { build } from 'vite';
import { expect, onTestFinished } from 'vitest';
import { sleeper, until, type Watched } from './processes.ts';
import { ORIGINAL_W, stubSmi, type StubSmi } from './stub-smi.ts';

/** Builds a script of this folder with what it imports, to run in a separate process. Returns its path, and how to remove it. */
export async function buildScript(name: string): Promise<{ readonly script: string; readonly remove: () => void }> {
  const folder = fs.mkdtempSync('/tmp/slowburn-script-');
  await build({
    configFile: false,
    logLevel: 'silent',
    ssr: { noExternal: true },
    build: { ssr: path.resolve(import.meta.dirname, name), outDir: folder, minify: false },
  });
  const built = fs.readdirSync(folder).find((file) => file.startsWith(name.replace('.mjs', '')))!;
  return { script: path.join(folder, built), remove: () => fs.rmSync(folder, { recursive: true }) };
}

/** Builds governed.mjs, a Slowburn that governs without a pause. */
export const buildGoverned = () => buildScript('governed.mjs');

export type Governed = {
  readonly governor: ChildProcess;
  readonly helper: () => number;
  readonly watchdog: () => number;
  readonly held: () => boolean;
  readonly ended: Promise<unknown>;
};

/** A Slowburn in a separate process that holds the program and sets a power limit, over and over. */
export async function governed(script: string, { journal, smi }: StubSmi, program: Watched): Promise<Governed> {
  const { pid, startedAt } = program;
  const governor = spawn(process.execPath, [script, journal, smi, String(pid), startedAt], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void governor.kill('SIGKILL'));
  let helper = 0;
  let held = false;
  governor.stdout.on('data', (text) => {
    for (const [, word, number] of String(text).matchAll(/(helper|held) (\d+)/g)) {
      helper = Number(number);
      held ||= word === 'held';
    }
  });
  await until(() => helper > 0);
  return {
    governor,
    helper: () => helper,
    watchdog: () => Number(/^helper \S+ \d+ \d+ (\d+)/.exec(fs.readFileSync(journal, 'utf8'))?.[1]),
    held: () => held,
    ended: new Promise((resolve) => governor.on('exit', resolve)),
  };
}

/** A stand-in for nvidia-smi with one card, and a program that may be paused. */
export type Bench = { readonly stub: StubSmi; readonly program: Watched };
export const bench = (): Bench => ({ stub: stubSmi(), program: sleeper() });

/** Nothing is left, and the journal says so. */
const undone =
  ({ stub, program }: Bench) =>
  (): boolean =>
    !program.stopped() && stub.limit() === ORIGINAL_W && !fs.existsSync(stub.journal);
export async function expectUndone(of: Bench, when: string): Promise<void> {
  await until(undone(of));
  expect([of.program.stopped(), of.stub.limit(), fs.existsSync(of.stub.journal)], when).toEqual([
    false,
    ORIGINAL_W,
    false,
  ]);
}

/** Signals a process that may have ended, as some of them end when others do. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // ended already
  }
}
