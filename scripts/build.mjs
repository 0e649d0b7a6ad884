// Builds everything that runs: the page, the preload (one CommonJS file, as the sandbox demands), the window's process,
// and the programs and threads of the collector side. Targets are stated, because Electron's runtime may be older than
// the newest Node or browser.
import react from '@vitejs/plugin-react';
import { builtinModules } from 'node:module';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import { leanComments, leanText } from './build/lean.mjs';
import { pageWords } from './build/page-words.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const out = (name) => `${root}/out/${name}`;
// bundled: everything but Electron, Node and the two native packages
const external = ['electron', /^electron\//, 'better-sqlite3', 'koffi', ...builtinModules, /^node:/];
const common = { configFile: false, root, logLevel: 'warn', mode: 'production' };

/** One Node-side bundle; `entries` is name → source file. */
const node = (folder, entries, { format = 'es', extension = 'js', splitting = false } = {}) =>
  build({
    ...common,
    ssr: { noExternal: true },
    plugins: [leanText()],
    build: {
      ssr: true,
      target: 'node20',
      outDir: out(folder),
      emptyOutDir: true,
      minify: false,
      rolldownOptions: {
        input: entries,
        external,
        output: {
          format,
          entryFileNames: `[name].${extension}`,
          chunkFileNames: `[name]-[hash].${extension}`,
          codeSplitting: splitting,
          comments: leanComments,
        },
      },
    },
  });

/** The page, built for the browser of Electron 33 and later. */
export const pageConfig = () => ({
  ...common,
  root: `${root}/renderer`,
  publicDir: `${root}/assets/page`,
  base: './',
  plugins: [pageWords(root), react()],
  build: {
    target: 'chrome130',
    outDir: out('renderer'),
    emptyOutDir: true,
    rolldownOptions: {
      input: [`${root}/renderer/index.html`, `${root}/renderer/stress-test.html`],
      // what the page is sent was checked before (main/preload.ts): schemas that it does not use are left out
      treeshake: { manualPureFunctions: ['z'] },
    },
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 400, // that of the charts is larger than the default
  },
});

/** @returns {Promise<void>} */
export async function buildAll() {
  await Promise.all([
    build(pageConfig()),
    node('preload', { preload: 'main/preload.ts' }, { format: 'cjs', extension: 'cjs' }),
    node(
      'stress-test-preload',
      { 'stress-test-preload': 'main/stress-test-preload.ts' },
      { format: 'cjs', extension: 'cjs' },
    ),
    node('main', { index: 'main/index.ts' }),
    node(
      'node',
      {
        collector: 'main/collector/entry.ts',
        slowburn: 'cli/slowburn.ts',
        'nvml-worker': 'app/telemetry/nvml/worker.node.ts',
        'report-worker': 'app/report/worker.node.ts',
        'job-worker': 'app/jobs/worker.node.ts',
        'wear-worker': 'app/wear/replay-worker.node.ts',
      },
      { splitting: true },
    ),
  ]);
}
