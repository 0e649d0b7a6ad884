#!/usr/bin/env node
// `npm run setup`, and what `npm start` and `npm test` call first: makes the checkout ready, quick when it already is.
import { fileURLToPath } from 'node:url';
import { runCommand, say } from './console.mjs';
import { ensureDependencies } from './dependencies.mjs';
import { oneAtATime } from './lock.mjs';

/**
 * @param {{ window: boolean, retryOfficial?: boolean }} options window: false leaves Electron out (headless use)
 * @returns {Promise<{ electron?: { kind: string, executable: string, have: string, want: string } }>}
 */
export const ensureReady = (options) => oneAtATime(() => makeReady(options));

async function makeReady({ window, retryOfficial }) {
  await ensureDependencies();
  // these import packages, so only now
  const [{ ensureSqlite }, { ensureBuild }] = await Promise.all([import('./sqlite.mjs'), import('./build-stamp.mjs')]);
  if (!window) {
    await ensureSqlite();
    await ensureBuild();
    return {};
  }
  const [{ ensureElectron }, { ensureWindowLibraries }] = await Promise.all([
    import('./electron.mjs'),
    import('./system.mjs'),
  ]);
  // a Node that needs the compiled addon can start on it while Electron is fetched
  const early = Number(process.versions.napi) < 10 ? ensureSqlite() : Promise.resolve();
  const [electron] = await Promise.all([ensureElectron({ retryOfficial }), early]);
  await ensureWindowLibraries(electron.executable);
  await ensureSqlite(electron);
  await ensureBuild();
  return { electron };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await runCommand(async () => {
    const { electron } = await ensureReady({ window: true, retryOfficial: true });
    say(`Ready: ${electron.kind} Electron ${electron.have}`);
  });
}
