// The second half of `npm start`, for tests: the checkout is ready, so the window is started with the options given here.
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { openInBackground } from '../../scripts/start/window.mjs';

const executable = createRequire(import.meta.url)('electron');
const checkout = fileURLToPath(new URL('../..', import.meta.url));
const args = [checkout, ...process.argv.slice(2), '--log-level=3'];
process.exitCode = await openInBackground({ executable, args, env: process.env });
