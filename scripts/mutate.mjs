// `npm run mutate -- ROOM … [--only TEXT,TEXT] [--specs TEXT] [--least PERCENT]`: StrykerJS changes the code of a room in small ways, one
// at a time, and runs the room's specs. A change that no spec notices has survived: a test is missing there, or the change means the same.
// --only and --specs take those files and specs whose paths contain a text: fewer specs are faster and never give a higher score.
// docs/quality.md records scores and survivors. The report lies in test-results/mutation/ROOM.json.
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { mutationRooms } from './mutate/rooms.mjs';
import { print, root, runCommand, say, SetupError } from './setup/console.mjs';
import { ensureReady } from './setup/index.mjs';

const checkout = fileURLToPath(root);
const KILLED = ['Killed', 'Timeout'];
const ALIVE = ['Survived', 'NoCoverage'];

/** Files of a folder whose path below the checkout matches. */
function matching(folder, pattern) {
  const found = fs
    .readdirSync(path.join(checkout, folder), { recursive: true, encoding: 'utf8' })
    .map((name) => path.posix.join(folder, name.split(path.sep).join('/')))
    .filter((file) => pattern.test(file));
  if (found.length === 0) throw new SetupError(`No file of ${folder} matches ${pattern.source}.`);
  return found.sort();
}

/**
 * @param {{ status: string }[]} mutants as Stryker reports them
 * @returns {{ killed: number, alive: number, scorePct: number }} mutants that do not compile or are disabled do not count
 */
export function scoreOf(mutants) {
  const count = (states) => mutants.filter(({ status }) => states.includes(status)).length;
  const [killed, alive] = [count(KILLED), count(ALIVE)];
  return { killed, alive, scorePct: killed + alive === 0 ? 0 : (100 * killed) / (killed + alive) };
}

/** One survivor per line: where, what was changed into what. */
export const survivorLines = (mutants) =>
  mutants
    .filter(({ status }) => ALIVE.includes(status))
    .map(({ fileName, location, mutatorName, replacement, status }) => {
      const file = path.relative(checkout, fileName).split(path.sep).join('/');
      const line = location.start.line + (location.start.line === 0 ? 1 : 0);
      const text = replacement.replaceAll(/\s+/g, ' ').slice(0, 80);
      return `${file}:${line}:${location.start.column}  ${mutatorName} → ${text}${status === 'NoCoverage' ? '  (no test runs it)' : ''}`;
    });

/** @returns the mutants of a room, each with its state */
async function mutate(room, { only, specs }) {
  const { Stryker } = await import('@stryker-mutator/core');
  const parts = only.split(',');
  const files = matching('app', mutationRooms[room].files).filter((file) => parts.some((part) => file.includes(part)));
  if (files.length === 0) throw new SetupError(`No file of ${room} contains ${only} in its name.`);
  const readers = matching('test', mutationRooms[room].specs).filter((file) => file.includes(specs));
  if (readers.length === 0) throw new SetupError(`No spec of ${room} contains ${specs} in its name.`);
  process.env.SLOWBURN_MUTATE_SPECS = readers.join(',');
  process.env.TZ = 'UTC'; // mutants are tested in threads, which cannot change their time zone
  const output = path.join(checkout, 'test-results', 'mutation');
  fs.mkdirSync(output, { recursive: true });
  const stryker = new Stryker({
    mutate: files,
    testRunner: 'vitest',
    plugins: ['@stryker-mutator/vitest-runner'],
    vitest: { configFile: 'scripts/mutate/vitest.config.mjs', related: false },
    coverageAnalysis: 'perTest',
    concurrency: Number(process.env.SLOWBURN_MUTATE_WORKERS ?? 1),
    timeoutMS: 10_000,
    dryRunTimeoutMinutes: 15,
    disableTypeChecks: true,
    checkers: [],
    reporters: ['json', 'progress-append-only'],
    jsonReporter: { fileName: path.join(output, `${room}.json`) },
    tempDirName: 'test-results/mutation/copy',
    ignorePatterns: ['release', '.git', 'test-results', 'out/main', 'out/renderer'],
    allowEmpty: false,
    cleanTempDir: 'always',
    logLevel: 'warn',
    incremental: false,
  });
  return stryker.runMutationTest();
}

async function main() {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: {
      only: { type: 'string', default: '' },
      specs: { type: 'string', default: '' },
      least: { type: 'string', default: '0' },
    },
  });
  const rooms = Object.keys(mutationRooms);
  const unknown = positionals.filter((room) => !rooms.includes(room));
  if (positionals.length === 0 || unknown.length > 0)
    throw new SetupError(
      unknown.length > 0 ? `There is no list for ${unknown.join(', ')}.` : 'Name a room: npm run mutate -- wear',
      `There are: ${rooms.join(', ')}.`,
    );
  await ensureReady({ window: false });
  let enough = true;
  for (const room of positionals) {
    say(`Changing ${room}`);
    const mutants = await mutate(room, values);
    const { killed, alive, scorePct } = scoreOf(mutants);
    for (const line of survivorLines(mutants)) print(line);
    print(`${room}: ${scorePct.toFixed(1)} % (${killed} of ${killed + alive} changes noticed)`);
    enough &&= scorePct >= Number(values.least);
  }
  return enough ? 0 : 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await runCommand(main);
