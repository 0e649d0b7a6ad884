import { defineConfig } from '@playwright/test';

// Set by scripts/test.mjs; results of every runner are gathered in one git-ignored folder.
const output = process.env['SLOWBURN_TEST_OUTPUT'] ?? 'test-results';

export default defineConfig({
  testDir: 'test',
  testMatch: /(e2e|packaged)\/.*\.e2e\.ts$/,
  outputDir: `${output}/playwright`,
  timeout: 60_000,
  workers: 2,
  fullyParallel: true,
  forbidOnly: true,
  reporter: [['list'], ['json', { outputFile: `${output}/playwright.json` }]],
  use: { trace: 'off' },
});
