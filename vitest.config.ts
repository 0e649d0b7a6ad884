import os from 'node:os';
import { defineConfig } from 'vitest/config';

const cores = os.availableParallelism();
/** tests of the core product and of the source text: they compute, and share nothing but code */
const inNode = ['test/{unit,contract,replay,security,fuzz,format}/**/*.spec.ts', 'test/architecture.spec.ts'];

export default defineConfig({
  test: {
    // ends a test that hangs, also on a machine that is busy
    testTimeout: 60_000,
    hookTimeout: 60_000,
    setupFiles: ['test/setup/leaks.ts', 'test/setup/seed.ts'],
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: inNode,
          isolate: false,
          maxWorkers: cores,
          globalSetup: 'test/support/catalogue.ts',
        },
      },
      {
        extends: true,
        test: {
          name: 'integration',
          include: ['test/integration/**/*.spec.ts'],
          // real processes, threads and files: they wait more than they compute
          maxWorkers: cores * 2,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: 'long', // npm run test:long
          include: ['test/long/**/*.spec.ts'],
          fileParallelism: false,
          testTimeout: 30 * 60_000,
          hookTimeout: 10 * 60_000,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
