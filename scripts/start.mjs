// `npm start`: makes the checkout ready and opens the window, or the headless monitor where there is no display.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { root, runCommand, say } from './setup/console.mjs';
import { ensureReady } from './setup/index.mjs';
import { slowburn } from './slowburn.mjs';

const hasDisplay = process.platform !== 'linux' || Boolean(process.env.DISPLAY || process.env.WAYLAND_DISPLAY);

function openWindow({ executable }) {
  const env = { ...process.env };
  const args = [fileURLToPath(root), ...process.argv.slice(2)];
  if (process.platform === 'linux' && process.getuid() === 0) {
    say('Running as root: Chromium cannot use its sandbox for root. Use an ordinary account for daily work.');
    env.ELECTRON_DISABLE_SANDBOX = '1';
  }
  // Chromium's own chatter about buses that a desktop may not have; the application's errors still come through
  const child = spawn(executable, [...args, '--log-level=3'], { stdio: 'inherit', env });
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
  return new Promise((resolve) => child.on('exit', (code) => resolve(code ?? 1)));
}

await runCommand(async () => {
  if (hasDisplay) {
    const { electron } = await ensureReady({ window: true });
    return openWindow(electron);
  }
  await ensureReady({ window: false });
  say('No display: monitoring in the terminal. For the window, start it on a desktop or under `xvfb-run npm start`.');
  return slowburn(['monitor', ...process.argv.slice(2)]);
});
