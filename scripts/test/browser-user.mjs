// Chromium refuses to use its sandbox for root. Window tests run with the sandbox on. Started by root, they run as an
// unprivileged user, in a copy of the checkout that this user can read (hard links: no time, no space).
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { root, SetupError } from '../setup/console.mjs';

const USER = 'slowburn-tester';
const HOME = `/home/${USER}`;
const checkout = fileURLToPath(root).replace(/\/$/, '');
const COPIED = [
  'app',
  'cli',
  'main',
  'renderer',
  'scripts',
  'assets',
  'test',
  'out',
  'release',
  'node_modules',
  'package.json',
  'playwright.config.ts',
  'tsconfig.base.json',
];

function must(command, args) {
  const { status, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  if (status !== 0) throw new SetupError(`${command} ${args.join(' ')} failed: ${stderr}`);
}

/** Copies by hard links where the file system allows it. */
function copy(from, to, options) {
  const linked = spawnSync('cp', ['-al', ...options, from, to], { encoding: 'utf8' });
  if (linked.status === 0) return;
  fs.rmSync(to, { recursive: true, force: true });
  must('cp', ['-a', ...options, from, to]);
}

/**
 * Where and as whom window tests run. As an ordinary user: here, as oneself.
 * @returns {{ folder: string, output: string, command: (args: string[]) => [string, string[]] }}
 */
export function browserUser() {
  const output = path.join(checkout, 'test-results');
  if (process.getuid?.() !== 0) return { folder: checkout, output, command: ([program, ...args]) => [program, args] };

  if (spawnSync('id', [USER]).status !== 0) must('useradd', ['--create-home', '--shell', '/bin/sh', USER]);
  // a folder for each checkout: two may be tested at once
  const key = createHash('sha256').update(checkout).digest('hex').slice(0, 8);
  const folder = path.join(HOME, key, 'checkout');
  const theirs = path.join(HOME, key, 'test-results');
  fs.rmSync(folder, { recursive: true, force: true });
  fs.rmSync(theirs, { recursive: true, force: true });
  fs.mkdirSync(folder, { recursive: true });
  for (const name of COPIED) {
    if (fs.existsSync(path.join(checkout, name))) copy(path.join(checkout, name), path.join(folder, name), []);
  }
  // the Electron runtime may be a link into root's own cache
  const dist = path.join(folder, 'node_modules/electron/dist');
  if (fs.lstatSync(dist).isSymbolicLink()) {
    fs.unlinkSync(dist);
    copy(fs.realpathSync(path.join(checkout, 'node_modules/electron/dist')), dist, ['-L']);
  }
  fs.mkdirSync(theirs);
  must('chown', [USER, folder, theirs]);
  const env = [`HOME=${HOME}`, `SLOWBURN_TEST_OUTPUT=${theirs}`, `PATH=${process.env.PATH}`];
  return {
    folder,
    output: theirs,
    command: (args) => ['runuser', ['-u', USER, '--', 'env', '-i', 'LANG=C.UTF-8', ...env, ...args]],
  };
}

/** Brings the results of the other user back into the checkout. */
export function collectResults({ output }) {
  const here = path.join(checkout, 'test-results');
  if (output === here || !fs.existsSync(output)) return;
  fs.mkdirSync(here, { recursive: true });
  fs.cpSync(output, here, { recursive: true });
}
