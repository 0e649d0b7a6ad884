// `npm run test:crash [-- --runs N]`: kills Slowburn N times (200) and checks what is left of its history. Half of the
// kills happen during recording, half during migration, restore, compact, import and retention.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { fileURLToPath } from 'node:url';
import { print, root, runCommand, say, SetupError } from './setup/console.mjs';
import { ensureReady } from './setup/index.mjs';

await runCommand(async () => {
  const { values } = parseArgs({ options: { runs: { type: 'string', default: '200' } } });
  const runs = Number(values.runs);
  if (!Number.isInteger(runs) || runs < 1)
    throw new SetupError('Give a number of runs: npm run test:crash -- --runs 2000');
  await ensureReady({ window: false });
  const { runnerImport } = await import('vite');
  const load = async (file) =>
    (await runnerImport(path.join(fileURLToPath(root), file), { root: fileURLToPath(root), configFile: false })).module;
  const { crashPhases, crashRuns } = await load('test/crash/crash.ts');
  const { compileMock } = await load('test/mock-nvml/compile.ts');
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'slowburn-crash-'));
  const inPhases = Math.floor(runs / 2);
  say(`Killing the recorder ${runs - inPhases} times`);
  const report = await crashRuns(folder, compileMock(), runs - inPhases, Math.random);
  print(
    `${report.runs} kills: the file was intact each time; all ${report.ticksTold} reported ticks are there, none twice; ${report.hoursSealed} hours sealed.`,
  );
  say(`Killing migrations, restores, compactions, imports and retention ${inPhases} times`);
  const { kills, ended } = await crashPhases(folder, inPhases, Math.random);
  const counts = Object.entries(kills).map(([name, count]) => `${name} ${count}`);
  print(
    `${inPhases} runs, ${inPhases - ended} of them killed before their end (${counts.join(', ')}): db check found no damage, and each history contains either its old or its new data.`,
  );
  fs.rmSync(folder, { recursive: true });
  return 0;
});
