// `npm test`: everything that must hold, from a fresh clone: set-up, checks, tests in Node, tests in the real window with its
// sandbox on, and the packaged application. The last line sums all runners: "N passed, N failed". What takes longer, or needs
// other people's programs, is in `npm run test:long`.
//
//   npm test                     everything
//   npm test -- unit             types, then what needs only Node: under a minute
//   npm test -- integration      on real files, threads, processes and the stand-in driver
//   npm test -- window           in the real window
//   npm test -- packaged         the packaged application
//   npm test -- start            the application starts with the simulator (Windows and macOS too)
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { note, print, root, runCommand, say, SetupError, systemFailure } from './setup/console.mjs';
import { runChecks } from './check.mjs';
import { ensureReady } from './setup/index.mjs';
import { ensureSessionBus } from './setup/system.mjs';

const checkout = fileURLToPath(root);
const results = path.join(checkout, 'test-results');
const bin = (name) => path.join('node_modules', '.bin', name);
const PARTS = ['unit', 'integration', 'window', 'packaged', 'start'];
const part = process.argv[2];
/** `start` alone is a part of `window`. */
const wanted = (name) => part === name || (part === undefined && name !== 'start');
const totals = { passed: 0, failed: 0 };

function show(command, args, options = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit'], cwd: checkout, ...options });
    child.on('error', (error) => {
      note(`${command}: ${error.message}`);
      resolve(127);
    });
    child.on('exit', (code) => resolve(code ?? 1));
  });
}

/** Adds a runner's own counts; a runner that ended badly without counting a failure counts as one failure. */
function add(name, code, { passed, failed }) {
  totals.passed += passed;
  totals.failed += failed === 0 && code !== 0 ? 1 : failed;
  say(`${name}: ${passed} passed, ${failed} failed${code === 0 ? '' : ` (exit ${code})`}`);
}

const readJson = (file) => (fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, 'utf8')) : undefined);

/** Tests in Node: one project of vitest.config.ts. */
async function vitest(name, project) {
  say(name);
  const file = path.join(results, `vitest-${project}.json`);
  fs.rmSync(file, { force: true });
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
  const code = await show(bin('vitest'), ['run', '--project', project, ...reporters]);
  const report = readJson(file);
  // a test that did not run is not a passed one
  add(name, code, {
    passed: report?.numPassedTests ?? 0,
    failed: (report?.numTotalTests ?? 0) - (report?.numPassedTests ?? 0),
  });
}

/** @param {string} tests a file or folder below test/ */
async function playwright(name, tests) {
  const { browserUser, collectResults } = await import('./test/browser-user.mjs');
  const { ensureVirtualDisplay } = await import('./setup/system.mjs');
  const user = browserUser();
  const { ensureSandbox } = await import('./setup/sandbox.mjs');
  ensureSandbox(path.join(user.folder, 'node_modules/electron/dist/electron'), user);
  const display = process.platform === 'linux' && !process.env.DISPLAY;
  if (display) await ensureVirtualDisplay();
  say(name);
  const run = [
    process.execPath,
    path.join(user.folder, 'node_modules/@playwright/test/cli.js'),
    'test',
    `test/${tests}`,
  ];
  const [command, args] = user.command(display ? ['xvfb-run', '-a', '-s', '-screen 0 1400x1000x24', ...run] : run);
  const file = path.join(user.output, 'playwright.json');
  fs.rmSync(file, { force: true });
  const code = await show(command, args, { cwd: user.folder });
  const stats = readJson(file)?.stats;
  collectResults(user);
  add(name, code, {
    passed: stats?.expected ?? 0,
    failed: (stats?.unexpected ?? 0) + (stats?.flaky ?? 0) + (stats?.skipped ?? 0),
  });
}

/** @param {RegExp} [which] names of checks; undefined: all */
async function checks(which) {
  say('Checks');
  const { passed, failed } = await runChecks(which);
  totals.passed += passed;
  totals.failed += failed;
}

async function tests() {
  await ensureReady({ window: ['window', 'packaged', 'start'].some(wanted) });
  if (wanted('integration') || wanted('window')) await ensureSessionBus();
  fs.mkdirSync(results, { recursive: true });
  if (part === undefined) await checks();
  if (part === 'unit') await checks(/^Types/);
  if (wanted('unit')) await vitest('Tests in Node', 'unit');
  if (wanted('integration')) await vitest('Tests on real parts', 'integration');
  if (wanted('window')) await playwright('Tests in the window', 'e2e');
  if (wanted('start')) await playwright('The application starts', 'e2e/simulator.e2e.ts');
  if (wanted('packaged')) {
    const { packageApp } = await import('./package.mjs');
    await packageApp();
    await playwright('The packaged application', 'packaged');
  }
}

await runCommand(async () => {
  if (part !== undefined && !PARTS.includes(part))
    throw new SetupError(`There is no part ${part} of the tests.`, `There are: ${PARTS.join(', ')}; none means all.`);
  try {
    await tests();
  } catch (error) {
    const expected = error instanceof SetupError ? error : systemFailure(error);
    if (!expected) throw error;
    totals.failed++; // what could not be run did not pass
    note(`\n${expected.message}`);
  }
  print(`\n${totals.passed} passed, ${totals.failed} failed`);
  return totals.failed === 0 && totals.passed > 0 ? 0 : 1;
});
