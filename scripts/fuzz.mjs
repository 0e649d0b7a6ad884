// `npm run fuzz`: the tests of test/fuzz with random inputs, until one fails or the time is up.
//
//   npm run fuzz -- --minutes 30               new seeds for half an hour
//   npm run fuzz -- --seed 7 --only "name"     one seed once, as the message of a failure says
import { spawn } from 'node:child_process';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { fileURLToPath } from 'node:url';
import { root, runCommand, say, SetupError } from './setup/console.mjs';
import { ensureReady } from './setup/index.mjs';

const checkout = fileURLToPath(root);
const vitest = path.join(checkout, 'node_modules/vitest/vitest.mjs');

/** Runs all of them, or one, with one seed. */
function run(seed, runs, only) {
  const name = only.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'); // vitest takes a pattern
  const args = [vitest, 'run', '--project', 'unit', 'test/fuzz', '--reporter=dot', ...(only ? ['-t', name] : [])];
  const env = { ...process.env, SLOWBURN_FUZZ_SEED: String(seed), SLOWBURN_FUZZ_RUNS: String(runs) };
  return new Promise((resolve) => {
    const child = spawn(process.execPath, args, { cwd: checkout, env, stdio: ['ignore', 'inherit', 'inherit'] });
    child.on('exit', (code) => resolve(code ?? 1));
  });
}

const numberOf = (name, text) => {
  const number = Number(text);
  if (!(number >= 0)) throw new SetupError(`--${name} takes a number: npm run fuzz -- --${name} 5`);
  return number;
};

await runCommand(async () => {
  const { values } = parseArgs({
    options: {
      minutes: { type: 'string', default: '5' },
      seed: { type: 'string' },
      runs: { type: 'string', default: '500' },
      only: { type: 'string', default: '' },
    },
  });
  const minutes = numberOf('minutes', values.minutes);
  const runs = numberOf('runs', values.runs);
  await ensureReady({ window: false });
  if (values.seed !== undefined) return run(numberOf('seed', values.seed), runs, values.only);
  const endMs = Date.now() + minutes * 60_000;
  let rounds = 0;
  do {
    const seed = Math.floor(Math.random() * 2 ** 31);
    say(`Seed ${seed}`);
    if ((await run(seed, runs, values.only)) !== 0) {
      say(`Failed with seed ${seed}. Repeat it with: npm run fuzz -- --seed ${seed} --runs ${runs}`);
      return 1;
    }
    rounds++;
  } while (Date.now() < endMs);
  say(`${rounds} seeds, ${runs} inputs per test: none failed`);
  return 0;
});
