// `npm run check`: types, lint, format, unused code, words and generated docs, as many at a time as there are cores (up to
// four). `npm test` runs it first.
import { spawn } from 'node:child_process';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkWords } from './check/words.mjs';
import { print, root, runCommand, say } from './setup/console.mjs';
import { ensureDependencies } from './setup/dependencies.mjs';
import { oneAtATime } from './setup/lock.mjs';

const checkout = fileURLToPath(root);
const cache = path.join('node_modules', '.cache', 'slowburn-check');
const own = (file) => path.join('node_modules', file);

/** tsconfig files. The last checks the window's process against the oldest Electron that it runs on. */
const PROJECTS = [
  'app/tsconfig.json',
  'app/tsconfig.node.json',
  'cli',
  'tools',
  'main',
  'renderer',
  'test',
  'tsconfig.compat.json',
];

function program(args) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, args, { cwd: checkout, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    child.stdout.on('data', (piece) => (output += piece));
    child.stderr.on('data', (piece) => (output += piece));
    child.on('error', (error) => resolve({ ok: false, output: error.message }));
    child.on('exit', (code) => resolve({ ok: code === 0, output }));
  });
}

/** Lint reads types, which takes longest: its cache and those of the formatter are kept between runs. */
const checks = () => [
  [
    'Lint',
    () =>
      program([
        own('eslint/bin/eslint.js'),
        '.',
        '--cache',
        '--cache-strategy',
        'content',
        '--cache-location',
        `${cache}/eslint`,
      ]),
  ],
  // the native compiler: the same language as `typescript`, which the linter needs, in a fifth of the time
  ...PROJECTS.map((project) => [`Types: ${project}`, () => program([own('typescript-native/bin/tsc'), '-p', project])]),
  [
    'Format',
    () =>
      program([
        own('prettier/bin/prettier.cjs'),
        ...['--check', '--log-level=warn', '--cache', '--cache-strategy=content'],
        ...[`--cache-location=${cache}/prettier`, '.'],
      ]),
  ],
  [
    'Unused code',
    () => program([own('knip/bin/knip.js'), '--no-progress', '--cache', '--cache-location', `${cache}/knip`]),
  ],
  [
    'Words',
    async () => {
      const faults = checkWords(checkout);
      return { ok: faults.length === 0, output: faults.join('\n') };
    },
  ],
  [
    'Words: the language file',
    async () => {
      const { checkKeys } = await import('./check/keys.mjs'); // needs the installed dependencies
      const faults = await checkKeys(checkout);
      return { ok: faults.length === 0, output: faults.join('\n') };
    },
  ],
  ['Generated docs', () => program(['scripts/docs.mjs', '--check'])],
];

/**
 * Runs checks side by side, and prints how long each takes and what fails.
 * @param {RegExp} [which] names of checks; undefined: all
 * @returns {Promise<{ passed: number, failed: number }>}
 */
export async function runChecks(which = /^/) {
  const waiting = checks().filter(([name]) => which.test(name));
  const counts = { passed: 0, failed: 0 };
  async function work() {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const [name, run] = next;
      const from = performance.now();
      const { ok, output } = await run();
      counts[ok ? 'passed' : 'failed']++;
      say(`${ok ? 'ok    ' : 'FAILED'}  ${name} (${((performance.now() - from) / 1000).toFixed(1)} s)`);
      if (!ok) print(output.trimEnd());
    }
  }
  await Promise.all(Array.from({ length: Math.min(4, os.availableParallelism()) }, work));
  return counts;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await runCommand(async () => {
    await oneAtATime(ensureDependencies);
    const { passed, failed } = await runChecks(new RegExp(process.argv[2] ?? ''));
    say(`${passed} passed, ${failed} failed`);
    return failed === 0 ? 0 : 1;
  });
}
