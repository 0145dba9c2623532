import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { LongestFirst } from './test/support/longest-first.ts';

/** Test files at a time. Two on two cores: each waits a good part of its time, for a machine or a tool. */
const WORKERS = Math.max(2, Math.floor(availableParallelism() / 2));

/** `unit` needs Node alone; `integration` needs the real tools; `e2e` builds and boots real images. */
export default defineConfig({
  test: {
    maxWorkers: WORKERS,
    sequence: { sequencer: LongestFirst },
    projects: [
      { test: { name: 'unit', include: ['src/**/*.test.ts'], testTimeout: 10_000 } },
      {
        test: {
          name: 'integration',
          include: ['test/{integration,fakes,contract}/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          // A machine that is shared with others makes a build of five minutes one of twenty.
          testTimeout: 1_800_000,
          hookTimeout: 1_800_000,
          // Of the tests in a file that may run side by side; each has a machine.
          maxConcurrency: 2,
        },
      },
    ],
  },
});
