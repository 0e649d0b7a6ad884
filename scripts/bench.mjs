// `npm run bench [-- NAME … [--minutes N]]`: measures, prints a table, and writes bench/results.json: the only source of figures in
// README and docs. Each benchmark replaces its own section and leaves the others. Figures that are worse than those of the last
// commit by more than their noise are reported, and the command ends with 1. --minutes is for `pace`. --quick runs each benchmark
// in small, to see that it works: it prints figures that mean nothing and writes none.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { compareSection } from './bench/compare.mjs';
import { print, root, runCommand, say, SetupError } from './setup/console.mjs';
import { ensureReady } from './setup/index.mjs';
import { ensureVirtualDisplay } from './setup/system.mjs';

const checkout = fileURLToPath(root);
const file = path.join(checkout, 'bench/results.json');
const MOST_MINUTES = 6;

/** The figures of the last commit; those of the file where there is no git. */
function committed() {
  try {
    const options = { cwd: checkout, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] };
    return JSON.parse(execFileSync('git', ['show', 'HEAD:bench/results.json'], options));
  } catch {
    return fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, 'utf8')) : {};
  }
}

await runCommand(async () => {
  const { electron } = await ensureReady({ window: true });
  const all = fs
    .readdirSync(path.join(checkout, 'bench'))
    .filter((name) => name.endsWith('.bench.ts'))
    .map((name) => name.replace('.bench.ts', ''));
  const { positionals: wanted, values } = parseArgs({
    allowPositionals: true,
    options: { minutes: { type: 'string' }, quick: { type: 'boolean', default: false } },
  });
  const minutes = values.minutes === undefined ? undefined : Number(values.minutes);
  if (minutes !== undefined && !(minutes > 0))
    throw new SetupError(`--minutes ${values.minutes} is not a time.`, 'Give a number of minutes, such as 20.');
  const unknown = wanted.filter((name) => !all.includes(name));
  if (unknown.length > 0)
    throw new SetupError(`There is no benchmark ${unknown.join(', ')}.`, `There are: ${all.join(', ')}.`);

  if (process.platform === 'linux' && !process.env.DISPLAY) await ensureVirtualDisplay();
  const { runnerImport } = await import('vite');
  if (values.quick) process.env.SLOWBURN_BENCH_QUICK = '1';
  const before = committed();
  const machine = {
    cpu: os.cpus()[0].model.trim(),
    cores: os.cpus().length,
    memoryGiB: Math.round(os.totalmem() / 2 ** 30),
    node: process.versions.node,
    electron: electron.have,
  };
  let worse = 0;
  for (const name of wanted.length > 0 ? wanted : all) {
    say(`Benchmark: ${name}`);
    const beganMs = performance.now();
    const { module } = await runnerImport(path.join(checkout, 'bench', `${name}.bench.ts`), {
      root: checkout,
      configFile: false,
    });
    const section = await module.run({ electron, say, minutes });
    if (values.quick) {
      print(`  ${Object.keys(section).join(', ')}`);
      continue;
    }
    const results = fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, 'utf8')) : {};
    results[name] = { ...section, machine };
    if (Object.values(results).every((one) => one === results.machine || one.machine)) delete results.machine;
    fs.writeFileSync(file, `${JSON.stringify(results, null, 2)}\n`);
    printTable(section);
    const minutesTaken = (performance.now() - beganMs) / 60_000;
    if (minutes === undefined && minutesTaken > MOST_MINUTES)
      say(`${name} took ${minutesTaken.toFixed(1)} minutes; no section should take more than ${MOST_MINUTES}.`);
    worse += report(name, compareSection(name, before, results));
  }
  say(values.quick ? 'Nothing was written.' : `Written: ${path.relative(process.cwd(), file)}`);
  return worse === 0 ? 0 : 1;
});

/** Prints what moved by more than its noise. Returns how many figures are worse. */
function report(name, { compared, worse, better }) {
  for (const line of better) print(`  better  ${line}`);
  for (const line of worse) print(`  WORSE   ${line}`);
  say(`${name}: ${compared} figures compared, ${worse.length} worse than noise`);
  return worse.length;
}

/** Nested figures as dotted names, one per line. */
function printTable(section) {
  const rows = [];
  const walk = (value, name) => {
    if (value !== null && typeof value === 'object') {
      for (const [key, inner] of Object.entries(value)) walk(inner, name ? `${name}.${key}` : key);
    } else rows.push([name, String(value)]);
  };
  walk(section, '');
  const width = Math.max(...rows.map(([name]) => name.length));
  for (const [name, value] of rows) print(`  ${name.padEnd(width)}  ${value}`);
}
