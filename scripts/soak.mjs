// `npm run soak [-- --hours N | --minutes N]`: records from the stand-in driver, 4 cards at 1 Hz, for 20 minutes unless told
// otherwise, and prints what became of memory, open files, CPU and samples. Ends with 1 if one of them is beyond its limit.
// Ctrl-C ends it early: what was seen until then is judged.
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { print, root, runCommand, say, SetupError } from './setup/console.mjs';
import { ensureReady } from './setup/index.mjs';

const checkout = fileURLToPath(root);
const MINUTES = 20;
const LEAST_MINUTES = 0.5;

/** @returns {number} minutes to run */
export function soakMinutes({ hours, minutes }) {
  if (hours !== undefined && minutes !== undefined)
    throw new SetupError('--hours and --minutes were both given.', 'Give one of them.');
  const [name, given] = hours === undefined ? ['--minutes', minutes] : ['--hours', hours];
  if (given === undefined) return MINUTES;
  const wanted = Number(given) * (hours === undefined ? 1 : 60);
  if (!(wanted >= LEAST_MINUTES))
    throw new SetupError(`${name} ${given} is not a time.`, `Give a number, at least ${LEAST_MINUTES} minutes.`);
  return wanted;
}

async function main() {
  const { values } = parseArgs({ options: { hours: { type: 'string' }, minutes: { type: 'string' } } });
  const minutes = soakMinutes(values);
  if (process.platform !== 'linux')
    throw new SetupError('A soak reads /proc and a stand-in driver.', 'Run it on Linux.');
  await ensureReady({ window: false });
  const { runnerImport } = await import('vite');
  const { module } = await runnerImport(path.join(checkout, 'bench/soak.ts'), { root: checkout, configFile: false });
  const { SOAK, runSoak, judgeSoak } = module;
  const stop = new AbortController();
  process.once('SIGINT', () => stop.abort());
  say(`Recording ${SOAK.gpus} cards at ${1000 / SOAK.intervalMs} Hz for ${minutes} minutes`);
  const judged = judgeSoak(await runSoak({ minutes, say, signal: stop.signal }));
  for (const { text, ok } of judged) print(`${ok ? 'ok    ' : 'MISSED'}  ${text}`);
  return judged.every(({ ok }) => ok) ? 0 : 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await runCommand(main);
