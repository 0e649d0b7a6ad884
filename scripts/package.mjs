// `npm run package`: electron-builder's Linux directory build into release/, from electron-builder.yml.
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { root, runCommand, say, SetupError } from './setup/console.mjs';
import { run } from './setup/process.mjs';
import { ensureReady } from './setup/index.mjs';

const checkout = fileURLToPath(root);

/** Builds release/linux-unpacked; resolves to its executable. */
export async function packageApp() {
  const { electron } = await ensureReady({ window: true });
  say('Packaging');
  const args = ['--linux', 'dir', '--publish', 'never'];
  if (electron.kind === 'stand-in') {
    say(`Packaging with the stand-in Electron ${electron.have}: for tests alone, a release needs the official one`);
    args.push(`-c.electronDist=${fs.realpathSync(electron.dist)}`, `-c.electronVersion=${electron.have}`);
  }
  fs.rmSync(path.join(checkout, 'release'), { recursive: true, force: true });
  const builder = path.join(checkout, 'node_modules/electron-builder/cli.js');
  const { code, output } = await run(process.execPath, [builder, ...args], { cwd: checkout });
  if (code !== 0) throw new SetupError(`electron-builder failed:\n${output.trim()}`);
  const folder = path.join(checkout, 'release/linux-unpacked');
  // a runtime given as a folder brings its own start page along; the application's archive wins, but it is dead weight
  fs.rmSync(path.join(folder, 'resources/default_app.asar'), { force: true });
  return path.join(folder, 'slowburn');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await runCommand(async () => {
    say(`Ready: ${await packageApp()}`);
  });
}
