// The specs of one room, for Stryker: one project, and no leak check, because a mutant may hang what it starts.
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: (process.env.SLOWBURN_MUTATE_SPECS ?? '').split(',').filter(Boolean),
    setupFiles: ['scripts/mutate/properties.mjs'],
    isolate: false,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
