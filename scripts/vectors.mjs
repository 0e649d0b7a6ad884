// `npm run vectors -- FILE`: checks the wear model against a file of test vectors (tools/vectors).
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { note, print, root, runCommand } from './setup/console.mjs';
import { ensureDependencies } from './setup/dependencies.mjs';
import { oneAtATime } from './setup/lock.mjs';

await runCommand(async () => {
  await oneAtATime(ensureDependencies);
  const checkout = fileURLToPath(root);
  const { runnerImport } = await import('vite');
  const { module } = await runnerImport(path.join(checkout, 'tools/vectors/main.ts'), {
    root: checkout,
    configFile: false,
  });
  return module.vectors(process.argv[2], print, note);
});
