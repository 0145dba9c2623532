import { defineConfig } from 'vitest/config';

/** `unit` needs Node alone; `integration` needs the real tools; `e2e` builds and boots real images. */
export default defineConfig({
  test: {
    projects: [
      { test: { name: 'unit', include: ['src/**/*.test.ts'], testTimeout: 10_000 } },
      {
        test: {
          name: 'integration',
          include: ['test/{integration,fakes}/**/*.test.ts'],
          testTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          testTimeout: 900_000,
          hookTimeout: 900_000,
          fileParallelism: false,
          // Of the tests in a file that may run side by side; each has a machine.
          maxConcurrency: 2,
        },
      },
    ],
  },
});
