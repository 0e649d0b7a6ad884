import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.spec.ts'],
    exclude: ['test/e2e/**', 'test/packaged/**'],
    // real processes, threads and files: generous, but a test that hangs must end
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
