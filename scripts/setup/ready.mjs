// What `./slowburn` calls first: makes the checkout ready for the command line.
import { runCommand } from './console.mjs';
import { ensureReady } from './index.mjs';

await runCommand(() => ensureReady({ window: false }).then(() => 0));
