// `npm run lint` and `npm run format`: installs the dependencies if needed, then runs one of their programs.
import { spawn } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { root, runCommand } from './setup/console.mjs';
import { ensureDependencies } from './setup/dependencies.mjs';
import { oneAtATime } from './setup/lock.mjs';

await runCommand(async () => {
  await oneAtATime(ensureDependencies);
  const [name, ...args] = process.argv.slice(2);
  const cwd = fileURLToPath(root);
  const program = path.join(cwd, 'node_modules/.bin', name);
  const child = spawn(program, args, { cwd, stdio: 'inherit', shell: process.platform === 'win32' });
  return new Promise((resolve) => child.on('exit', (code) => resolve(code ?? 1)));
});
