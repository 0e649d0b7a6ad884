// `npm start`: makes the checkout ready, opens the window and ends; the window keeps running. Where there is no display, the
// headless monitor runs in this terminal instead.
//
//   npm start                     the terminal is free again once the window is up; quit Slowburn in its tray or window
//   npm start -- --foreground     stays until the window is closed; Ctrl-C quits Slowburn after it has written everything
import { createInterface } from 'node:readline/promises';
import { fileURLToPath } from 'node:url';
import { note, root, runCommand, say, SetupError } from './setup/console.mjs';
import { findDisplay } from './setup/display.mjs';
import { ensureReady } from './setup/index.mjs';
import { ensureSandbox } from './setup/sandbox.mjs';
import { refuseEatenOptions, slowburn } from './slowburn.mjs';
import { openInBackground, openInForeground } from './start/window.mjs';

const FOREGROUND = '--foreground';

/**
 * Whether to monitor in the terminal instead of the window: where Chromium's sandbox cannot start, a person is asked. Without
 * a terminal to ask in, the reason is thrown.
 */
async function prefersTerminal({ executable }) {
  if (process.platform === 'linux' && process.getuid() === 0) return false; // without a sandbox, and says so
  try {
    ensureSandbox(executable);
    return false;
  } catch (error) {
    if (!(error instanceof SetupError) || !process.stdin.isTTY) throw error;
    note(`\n${error.message}\n`);
    const asked = createInterface({ input: process.stdin, output: process.stderr });
    const answer = await asked.question('Monitor in the terminal now? [Y/n] ');
    asked.close();
    if (/^n/i.test(answer.trim())) throw new SetupError('The window was not opened.');
    return true;
  }
}

/** How the window is started: program, arguments, variables. */
function command({ executable }, { wayland }) {
  const env = { ...process.env };
  const args = [fileURLToPath(root), ...process.argv.slice(2).filter((arg) => arg !== FOREGROUND)];
  if (process.platform === 'linux' && process.getuid() === 0) {
    say('Running as root: Chromium’s sandbox is off, because it cannot be used by root. Use an ordinary account.');
    env.ELECTRON_DISABLE_SANDBOX = '1';
  }
  if (wayland) args.push('--ozone-platform-hint=auto');
  // Chromium's own chatter about buses that a desktop may not have; the application's errors still come through
  return { executable, args: [...args, '--log-level=3'], env };
}

await runCommand(async () => {
  refuseEatenOptions('npm start --');
  const display = await findDisplay();
  if (display.there) {
    const { electron } = await ensureReady({ window: true });
    if (!(await prefersTerminal(electron))) {
      const open = process.argv.includes(FOREGROUND) ? openInForeground : openInBackground;
      return open(command(electron, display));
    }
  } else {
    await ensureReady({ window: false });
    say(
      `${display.why}: monitoring in the terminal. For the window, start it on a desktop or under \`xvfb-run npm start\`.`,
    );
  }
  return slowburn(['monitor', ...process.argv.slice(2).filter((arg) => arg !== FOREGROUND)]);
});
