import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

const setupFiles = ['test/own-environment.ts'];

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/lab/**', 'test/e2e/**', 'test/browser/**'],
          setupFiles,
          testTimeout: 120_000,
          hookTimeout: 120_000,
          // On a machine with two cores it would be one: tests wait for processes more than they calculate.
          maxWorkers: Math.max(2, availableParallelism() - 1),
          // Whatever else runs on a machine can starve a test once; vitest prints which ones were run again.
          retry: 1,
        },
      },
      {
        test: {
          name: 'browser',
          sequence: { groupOrder: 1 },
          include: ['test/browser/**/*.test.ts'],
          setupFiles,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'lab',
          sequence: { groupOrder: 2 },
          include: ['test/lab/**/*.test.ts'],
          setupFiles,
          globalSetup: 'test/lab/global-setup.ts',
          // Most of a test's time is spent waiting for hosts; each lab has its own network.
          maxWorkers: 2,
          testTimeout: 900_000,
          hookTimeout: 900_000,
        },
      },
      {
        test: {
          name: 'cluster',
          sequence: { groupOrder: 3 },
          include: ['test/e2e/**/*.test.ts'],
          setupFiles,
          fileParallelism: false,
          testTimeout: 900_000,
          hookTimeout: 900_000,
        },
      },
    ],
  },
});
