// The wear model's section. The measurement is bundled as the programs are: through the development server's imports every
// call into another module would cost more than the arithmetic that is measured.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { build } from 'vite';

export async function run() {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'slowburn-bench-wear-'));
  try {
    await build({
      configFile: false,
      logLevel: 'warn',
      build: {
        ssr: 'bench/wear-measure.ts',
        target: 'node20',
        outDir: folder,
        emptyOutDir: true,
        minify: false,
        rolldownOptions: { output: { entryFileNames: 'measure.mjs' } },
      },
    });
    const { stdout, status } = spawnSync(process.execPath, [path.join(folder, 'measure.mjs')], {
      stdio: ['ignore', 'pipe', 'inherit'],
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error('the measurement failed');
    return JSON.parse(stdout) as Record<string, unknown>;
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}
