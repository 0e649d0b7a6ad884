// `npm run test:long [-- PART …] [--minutes N] [--only TEXT]`: what takes longer than `npm test` allows, or needs other people's programs. The last
// line sums all parts: "N passed, N failed, N not available". Not available: a program or package that this machine cannot have.
//
//   crash      kills Slowburn 200 times and looks at what is left of its history
//   soak       records 4 cards for N minutes (20) at 1 Hz: memory, open files, CPU, missed samples
//   fuzz       random inputs with new seeds for N minutes (5)
//   properties tests of `npm test` whose properties try new cases
//   mutation   changes the code of each room and expects its specs to notice: at least 85 %
//   tasks      follows the steps of CONTRIBUTING.md, each on its own copy of the checkout; --only 'a page' follows one
//   foreign    other programs on the stand-in driver, NVIDIA's own library without a card
//   service    systemd's own checks of the unit files of `slowburn service`
//   brokers    Mosquitto, a mail server and Jinja as Debian builds them: e-mail, MQTT and what Home Assistant shows
//   servers    llama.cpp's server and the clients of OpenAI and Ollama: counts by its adapter and by the meter
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { print, root, runCommand, say, SetupError } from './setup/console.mjs';
import { ensureReady } from './setup/index.mjs';

const checkout = fileURLToPath(root);
const results = path.join(checkout, 'test-results');

function show(args, env = process.env) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, args, {
      cwd: checkout,
      env,
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    child.on('error', () => resolve(127));
    child.on('exit', (code) => resolve(code ?? 1));
  });
}

/** A script that passes or fails as a whole. */
const script = async (name, ...args) => {
  const code = await show(['-r', './scripts/require-node.cjs', `scripts/${name}.mjs`, ...args]);
  return { passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1, notAvailable: 0 };
};

/**
 * What a report of vitest says. A test of this suite skips itself only where something cannot be had.
 * @returns {{ passed: number, failed: number, notAvailable: number }}
 */
export function countsOf(report, code) {
  const { numPassedTests: passed = 0, numFailedTests = 0, numPendingTests: notAvailable = 0 } = report ?? {};
  return { passed, failed: numFailedTests === 0 && code !== 0 ? 1 : numFailedTests, notAvailable };
}

/** Everything that runs in Node, with new seeds. A failure prints the seed. */
const properties = async () => {
  const args = ['node_modules/vitest/vitest.mjs', 'run', '--project', 'unit', '--project', 'integration'];
  const code = await show(args, { ...process.env, SLOWBURN_TEST_SEED: 'new' });
  return { passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1, notAvailable: 0 };
};

/** A spec of test/long; of its tests, those whose names contain a text. */
const spec = async (name, only) => {
  const file = path.join(results, `long-${name}.json`);
  fs.mkdirSync(results, { recursive: true });
  fs.rmSync(file, { force: true });
  const code = await show([
    'node_modules/vitest/vitest.mjs',
    'run',
    ...['--project', 'long', `test/long/${name}.spec.ts`],
    ...['--reporter=verbose', '--reporter=json', `--outputFile.json=${file}`],
    ...(only === undefined ? [] : ['-t', only]),
  ]);
  const counts = countsOf(fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, 'utf8')) : undefined, code);
  return only === undefined ? counts : { ...counts, notAvailable: 0 }; // what was not asked for is available
};

/** @type {Record<string, (options: { minutes?: string, only?: string }) => Promise<{ passed: number, failed: number, notAvailable: number }>>} */
const PARTS = {
  crash: () => script('crash', '--runs', '200'),
  soak: ({ minutes }) => script('soak', '--minutes', minutes ?? '20'),
  fuzz: ({ minutes }) => script('fuzz', '--minutes', minutes ?? '5'),
  properties,
  mutation: () => script('mutate', '--least', '85', 'governor', 'wear', 'sealing', 'alerts'),
  tasks: ({ only }) => spec('contributing', only),
  foreign: ({ only }) => spec('foreign', only),
  service: ({ only }) => spec('service', only),
  brokers: ({ only }) => spec('brokers', only),
  servers: ({ only }) => spec('servers', only),
};

async function main() {
  const options = { minutes: { type: 'string' }, only: { type: 'string' } };
  const { positionals, values } = parseArgs({ allowPositionals: true, options });
  const unknown = positionals.filter((name) => !(name in PARTS));
  if (unknown.length > 0)
    throw new SetupError(
      `There is no part ${unknown.join(', ')} of the long tests.`,
      `There are: ${Object.keys(PARTS).join(', ')}; none means all.`,
    );
  if (values.minutes !== undefined && !(Number(values.minutes) > 0))
    throw new SetupError(`--minutes ${values.minutes} is not a time.`, 'Give a number of minutes, such as 20.');
  if (values.only === '')
    throw new SetupError('--only names nothing.', "Give a part of a test's name, such as 'a page'.");
  await ensureReady({ window: false });
  const wanted = positionals.length > 0 ? positionals : Object.keys(PARTS);
  const totals = { passed: 0, failed: 0, notAvailable: 0 };
  for (const [i, name] of wanted.entries()) {
    say(`${name} (${i + 1} of ${wanted.length})`);
    const counts = await PARTS[name](values);
    for (const key of Object.keys(totals)) totals[key] += counts[key];
    say(`${name}: ${counts.passed} passed, ${counts.failed} failed, ${counts.notAvailable} not available`);
  }
  print(`\n${totals.passed} passed, ${totals.failed} failed, ${totals.notAvailable} not available`);
  return totals.failed === 0 && totals.passed > 0 ? 0 : 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await runCommand(main);
