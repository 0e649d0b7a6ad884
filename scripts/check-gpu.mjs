// `npm run check:gpu [-- --library FILE] [--nvidia-smi PROGRAM] [--seconds N]`: runs test/gpu/check.ts, which needs a card.
import path from 'node:path';
import { parseArgs } from 'node:util';
import { fileURLToPath } from 'node:url';
import { print, root, runCommand } from './setup/console.mjs';
import { ensureReady } from './setup/index.mjs';

await runCommand(async () => {
  const { values } = parseArgs({
    options: { library: { type: 'string' }, 'nvidia-smi': { type: 'string' }, seconds: { type: 'string' } },
  });
  await ensureReady({ window: false });
  const checkout = fileURLToPath(root);
  const { runnerImport } = await import('vite');
  const { module } = await runnerImport(path.join(checkout, 'test/gpu/check.ts'), {
    root: checkout,
    configFile: false,
  });
  const options = {
    library: values.library,
    nvidiaSmi: values['nvidia-smi'],
    seconds: values.seconds === undefined ? undefined : Number(values.seconds),
  };
  return module.run(options, print);
});
